import CLinux
import Glibc

/// The access to the file of a unix socket: its mode and, where given, its group.
public struct SocketFileAccess: Sendable, Hashable {
    public var mode: UInt32
    public var group: UInt32?

    public init(mode: UInt32 = 0o660, group: UInt32? = nil) {
        self.mode = mode
        self.group = group
    }
}
