package import Contract
package import LocalHTTP

/// Refuses requests that no local program sends: forwarded ones, ones for other hosts, ones from browsers. Pure.
package struct RequestGuard: Sendable {
    /// Host names allowed besides the loopback literals and localhost, in lowercase.
    private let hosts: [String]

    package init(hosts: [String]) {
        self.hosts = hosts.map { $0.lowercased() }
    }

    /// Whether the request was forwarded: what its sender asked of the forwarder may differ from this request.
    package func isForwarded(_ head: borrowing RequestHead) -> Bool {
        for field in head.fields {
            switch field.name {
            case .forwarded, .xForwarded, .xRealIP, .via: return true
            default: break
            }
        }
        return false
    }

    /// The problem of a request that names a host other than this one; nil where the host is right.
    ///
    /// Over TCP it is the only thing that stops a rebound DNS name. Over a unix socket clients put a path there, a word or nothing; a name
    /// with a dot, or an address, came from elsewhere (`ssh -L` to the socket) and must be right.
    package func hostProblem(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, transport: Peer.Transport) -> Problem? {
        guard let place = head.authority ?? head.value(of: .host) else { return nil }
        if transport == .unix, head.authority == nil, !Authority.isWellFormed(place, of: bytes) { return nil }
        let host = Authority.host(place, of: bytes)
        if transport == .unix, !Authority.isQualified(host, of: bytes) { return nil }
        if Authority.isLocal(host, of: bytes) || !hosts.isEmpty && hosts.contains(bytes.text(host).lowercased()) { return nil }
        return Problem(.wrongHost, "Host must be 127.0.0.1, [::1] or localhost")
    }

    /// The problem of a request with fields that only browsers send; nil where it has none or they are allowed.
    ///
    /// Where a token's value is served these fields are refused whatever their value. Elsewhere the requesting page must be the
    /// daemon's own.
    package func browserProblem(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, servesToken: Bool) -> Problem? {
        for field in head.fields {
            switch field.name {
            case .origin, .referer:
                if servesToken { return Problem(.browserRequest, "the request carries Origin or Referer, as browsers do") }
                guard let host = head.authority ?? head.value(of: .host), isOwnPage(field.value, host: host, bytes) else {
                    return Problem(.browserRequest, "the request comes from a page other than the daemon's own")
                }
            case .secFetchSite:
                if servesToken { return Problem(.browserRequest, "the request carries Sec-Fetch-Site, as browsers do") }
                guard bytes.isExactly(field.value, "same-origin") || bytes.isExactly(field.value, "none") else {
                    return Problem(.browserRequest, "the request comes from another site")
                }
            default: break
            }
        }
        return nil
    }

    /// Whether a value is `http://` and the host, alone or with a path. As bytes: comparing a stranger's text costs more than its length.
    private func isOwnPage(_ value: Range<Int>, host: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        let start = value.lowerBound + 7
        guard value.count >= 7 + host.count, bytes.isExactly(value.lowerBound..<start, "http://") else { return false }
        for offset in 0..<host.count where bytes[start + offset] != bytes[host.lowerBound + offset] { return false }
        let end = start + host.count
        return end == value.upperBound || bytes[end] == UInt8(ascii: "/")
    }
}
