import CLinux
import Glibc

/// Who may open a unix socket's file: its mode and, where given, its group.
package struct SocketFileAccess: Sendable, Hashable {
    package var mode: UInt32
    package var group: UInt32?

    package init(mode: UInt32 = 0o660, group: UInt32? = nil) {
        self.mode = mode
        self.group = group
    }
}
