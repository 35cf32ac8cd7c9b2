package import Files
import Glibc
package import LocalHTTP

/// Listening sockets that a service manager opened for this process (sd_listen_fds(3)). They outlive it, so that a restart
/// refuses no connection.
package struct InheritedSockets {
    /// The names of the sockets of `tokenbroker.socket`: its FileDescriptorName=, or the unit's name where none is set.
    package static let names: Set<String> = ["api", "tokenbroker.socket"]
    /// The first descriptor that is passed.
    private static let first: Int32 = 3

    package let listeners: [Listener]

    /// Takes the descriptors over; none where LISTEN_PID names another process.
    ///
    /// - Throws: `SystemCallError` for a descriptor that is not a listening loopback or unix stream socket, or has an unknown name.
    package init(environment: [String: String], process: Int32 = getpid(), first: Int32 = Self.first) throws(SystemCallError) {
        guard environment["LISTEN_PID"].flatMap({ Int32($0) }) == process, let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0
        else {
            listeners = []
            return
        }
        let givenNames = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
        var taken: [Listener] = []
        for index in 0..<count {
            let name = Int(index) < givenNames.count ? givenNames[Int(index)] : "api"
            guard Self.names.contains(name) else {
                throw SystemCallError("take over", "descriptor \(first + index), named \(name); set FileDescriptorName=api", code: EINVAL)
            }
            taken.append(try Listener(inherited: first + index))
        }
        listeners = taken
    }
}
