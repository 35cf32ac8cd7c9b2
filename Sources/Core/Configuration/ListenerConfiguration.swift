/// An address the daemon listens on.
package struct ListenerConfiguration: Sendable, Equatable {
    package enum Address: Sendable, Equatable, CustomStringConvertible {
        /// A loopback literal with a port.
        case tcp(String)
        case unix(path: String, mode: UInt32, group: String?)

        package var description: String {
            switch self {
            case .tcp(let text): text
            case .unix(let path, _, _): "unix:\(path)"
            }
        }
    }

    package var address: Address

    package init(address: Address) {
        self.address = address
    }
}
