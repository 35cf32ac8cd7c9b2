package import Configuration
import Files
import Glibc
import LocalHTTP

/// Who holds the addresses that the configuration listens on.
package struct ListenerCheck {
    package var notes: [String] = []
    package var faults: [String] = []

    /// - Parameter service: the service's user; what it or root holds may be the running daemon or its socket unit.
    /// - Parameter credentials: the path of the credentials socket, if there is one.
    package init(_ listeners: [ListenerConfiguration], credentials: String? = nil, service: String) {
        if let path = credentials, let problem = Self.problem(with: path) {
            faults.append("credentials:\(path): \(problem) with listen: [{credentials: /PATH}]")
        }
        for listener in listeners {
            if case .unix(let path, _, _) = listener.address, let problem = Self.problem(with: path) { faults.append("unix:\(path): \(problem)") }
            guard let address = Self.address(listener) else { continue }
            guard let holder = SocketHolder(listeningAt: address) else {
                if let problem = Self.problem(binding: listener.address) { faults.append("\(address): \(problem)") }
                continue
            }
            switch holder.program {
            case "tokenbroker"? where holder.user == geteuid() || ["root", service].contains(UserName.of(holder.user)):
                notes.append("\(address): the running daemon listens there: \(holder)")
            case "systemd"?: notes.append("\(address): held for the socket unit by systemd")
            case nil where ["root", service].contains(UserName.of(holder.user)):
                notes.append("\(address): \(holder) listens there, perhaps the running daemon; as root, check says which")
            default: faults.append("\(address): \(holder) listens there; stop it, or give another address under listen")
            }
        }
    }

    /// What keeps a socket from being made at a path.
    private static func problem(with path: String) -> String? {
        var status = stat()
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        if !folder.isEmpty, unsafe stat(folder, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR {
            return "there is no folder \(folder); make it, or give another path"
        }
        guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK else { return nil }
        return "the file there is not a socket; remove it, or give another path"
    }

    /// What keeps a socket from being bound where nobody is known to listen: tried for TCP, looked up for a file.
    private static func problem(binding address: ListenerConfiguration.Address) -> String? {
        switch address {
        case .tcp(let text):
            guard let place = SocketAddress(loopback: text), let error = Listener.problem(binding: place) else { return nil }
            let mend = error.code == EADDRINUSE ? "; another program has the port at every address: stop it, or give another one under listen" : ""
            return "cannot be bound by user \(UserName.of(geteuid())): \(SystemCallError.text(of: error.code))\(mend)"
        case .unix(let path, _, _):
            let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            guard !folder.isEmpty, unsafe faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0, errno != ENOENT else { return nil }
            return "cannot be made by user \(UserName.of(geteuid())): \(folder): \(SystemCallError.text(of: errno))"
        }
    }

    private static func address(_ listener: ListenerConfiguration) -> SocketAddress? {
        switch listener.address {
        case .tcp(let text): SocketAddress(loopback: text)
        case .unix(let path, _, _): .unix(path: path)
        }
    }
}
