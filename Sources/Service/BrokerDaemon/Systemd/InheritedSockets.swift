package import Files
import Glibc
package import LocalHTTP

/// Listening sockets a service manager opened for this process (sd_listen_fds(3)): they outlive it, so that a restart refuses nobody.
package struct InheritedSockets {
    /// What the sockets of `tokenbroker.socket` are called: FileDescriptorName= there, its unit's name where none is set.
    package static let names: Set<String> = ["api", "tokenbroker.socket"]
    /// The first descriptor handed over.
    private static let first: Int32 = 3

    package let listeners: [Listener]

    /// Takes the descriptors over; none where LISTEN_PID names another process.
    ///
    /// - Throws: `SystemCallError` for one that is no listening loopback or unix stream socket, or has a name nobody knows.
    package init(environment: [String: String], process: Int32 = getpid(), first: Int32 = Self.first) throws(SystemCallError) {
        guard environment["LISTEN_PID"].flatMap({ Int32($0) }) == process, let count = environment["LISTEN_FDS"].flatMap({ Int32($0) }), count > 0
        else {
            listeners = []
            return
        }
        let given = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
        var taken: [Listener] = []
        for index in 0..<count {
            let name = Int(index) < given.count ? given[Int(index)] : "api"
            guard Self.names.contains(name) else {
                throw SystemCallError("take over", "descriptor \(first + index), named \(name); FileDescriptorName=api is right", code: EINVAL)
            }
            taken.append(try Listener(inherited: first + index))
        }
        listeners = taken
    }
}
