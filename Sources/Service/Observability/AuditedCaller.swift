package import LocalHTTP
import Synchronization
import Time

/// Who asked, as an audit line says it.
package struct AuditedCaller: Sendable, Hashable {
    package let text: String
    let isKnown: Bool

    package init(name: String?, identity: PeerIdentity?) {
        var text = " client=\(name ?? "-")"
        if let identity {
            text += " uid=\(identity.user)"
            if let group = identity.group { text += " gid=\(group)" }
            if let process = identity.process { text += " pid=\(process)" }
        }
        self.text = text
        isKnown = name != nil
    }
}
