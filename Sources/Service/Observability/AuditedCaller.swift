package import LocalHTTP

/// The caller of a request, as an audit line shows it.
package struct AuditedCaller: Sendable, Hashable {
    package let bytes: [UInt8]
    let isKnown: Bool

    /// - Parameter key: what tells the key it showed from the client's others.
    package init(name: String?, key: String? = nil, identity: PeerIdentity?) {
        var text = " client=\(name ?? "-")"
        if let key { text += " key=\(key)" }
        if let identity {
            text += " uid=\(identity.user)"
            if let group = identity.group { text += " gid=\(group)" }
            if let process = identity.process { text += " pid=\(process)" }
        }
        bytes = Array(text.utf8)
        isKnown = name != nil
    }
}
