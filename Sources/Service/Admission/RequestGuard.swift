package import Contract
package import LocalHTTP

/// Turns away what no local program sends: forwarded requests, other hosts' names, browsers (security.md, "Admission" 3). Pure.
package struct RequestGuard: Sendable {
    /// Names besides the loopback literals and localhost; lowercase.
    private let hosts: [String]

    package init(hosts: [String]) {
        self.hosts = hosts.map { $0.lowercased() }
    }

    /// Whether somebody passed the request on: what that one was asked may not be what the caller meant.
    package func isForwarded(_ head: borrowing RequestHead) -> Bool {
        for field in head.fields {
            switch field.name {
            case .forwarded, .xForwarded, .xRealIP, .via: return true
            default: break
            }
        }
        return false
    }

    /// The problem of a request that names another host than this one; nil where it may go on.
    package func hostProblem(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, transport: Peer.Transport) -> Problem? {
        guard transport == .loopback, let place = head.authority ?? head.value(of: .host) else { return nil }
        let host = Authority.host(place, of: bytes)
        if Authority.isLocal(host, of: bytes) || !hosts.isEmpty && hosts.contains(bytes.text(host).lowercased()) { return nil }
        return Problem(.wrongHost, "Host must be 127.0.0.1, [::1] or localhost")
    }

    /// Only browsers send these. Where a token's value is served they are refused whatever they say; elsewhere the page
    /// that asks must be the daemon's own.
    package func browserProblem(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, servesToken: Bool) -> Problem? {
        for field in head.fields {
            switch field.name {
            case .origin, .referer:
                if servesToken { return Problem(.browserRequest, "the request carries Origin or Referer, as browsers send them") }
                guard let host = head.authority ?? head.value(of: .host), isOwnPage(bytes.text(field.value), host: bytes.text(host)) else {
                    return Problem(.browserRequest, "the request comes from another page than the daemon's own")
                }
            case .secFetch:
                if servesToken { return Problem(.browserRequest, "the request carries Sec-Fetch-*, as browsers send it") }
            case .secFetchSite:
                if servesToken { return Problem(.browserRequest, "the request carries Sec-Fetch-*, as browsers send it") }
                let value = bytes.text(field.value)
                if value != "same-origin", value != "none" { return Problem(.browserRequest, "the request comes from another site") }
            case .cookie:
                if servesToken { return Problem(.browserRequest, "the request carries cookies, as browsers send them") }
            default: break
            }
        }
        return nil
    }

    private func isOwnPage(_ value: String, host: String) -> Bool {
        value == "http://\(host)" || value.hasPrefix("http://\(host)/")
    }
}
