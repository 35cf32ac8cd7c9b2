import Configuration
import Files
import LocalHTTP

/// Who holds the addresses that the configuration listens on.
struct ListenerCheck {
    var notes: [String] = []
    var faults: [String] = []

    /// - Parameter service: the service's user; what it or root holds may be the running daemon or its socket unit.
    init(_ listeners: [ListenerConfiguration], service: String) {
        for listener in listeners {
            guard let address = Self.address(listener), let holder = SocketHolder(listeningAt: address) else { continue }
            switch holder.program {
            case "tokenbroker"?: notes.append("\(address): the running daemon listens there: \(holder)")
            case "systemd"?: notes.append("\(address): held for the socket unit by systemd")
            case nil where ["root", service].contains(UserName.of(holder.user)):
                notes.append("\(address): \(holder) listens there, perhaps the running daemon; as root, check says which")
            default: faults.append("\(address): \(holder) listens there; stop it, or give another address under listen")
            }
        }
    }

    private static func address(_ listener: ListenerConfiguration) -> SocketAddress? {
        switch listener.address {
        case .tcp(let text): SocketAddress(loopback: text)
        case .unix(let path, _, _): .unix(path: path)
        }
    }
}
