package import LocalHTTP

/// Turns away what no local program sends: forwarded requests, other hosts' names, browsers (security.md, "Admission" 3). Pure.
package struct RequestGuard: Sendable {
    /// Names besides the loopback literals and localhost; lowercase.
    private let hosts: [String]

    package init(hosts: [String]) {
        self.hosts = hosts.map { $0.lowercased() }
    }

    /// The problem of a request before its route is known; nil where it may go on.
    package func problem(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, transport: Peer.Transport) -> Problem? {
        for field in head.fields {
            switch field.name {
            case .forwarded, .xForwarded, .xRealIP, .via:
                return Problem(.forwardedRequest, "the request carries Forwarded, X-Forwarded-*, X-Real-IP or Via")
            default: break
            }
        }
        guard let field = head.value(of: .host), Authority.isWellFormed(field, of: bytes) else {
            return Problem(.badRequest, "the Host field is malformed")
        }
        let place = head.authority ?? field
        guard Authority.isWellFormed(place, of: bytes) else { return Problem(.badRequest, "the target's host is malformed") }
        guard transport == .loopback else { return nil }
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
                guard let host = head.value(of: .host), isOwnPage(bytes.text(field.value), host: bytes.text(host)) else {
                    return Problem(.browserRequest, "the request comes from another page than the daemon's own")
                }
            case .secFetch:
                if servesToken { return Problem(.browserRequest, "the request carries Sec-Fetch-*, as browsers send it") }
                let value = bytes.text(field.value)
                if value == "cross-site" || value == "same-site" { return Problem(.browserRequest, "the request comes from another site") }
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

/// `uri-host [ ":" port ]` (RFC 9110 §7.2).
enum Authority {
    static func isWellFormed(_ range: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        let host = host(range, of: bytes)
        guard !host.isEmpty, host.allSatisfy({ isHostByte(bytes[$0]) }) else { return false }
        let hasBracket = bytes[host.lowerBound] == 0x5B
        guard hasBracket == (bytes[host.upperBound - 1] == 0x5D) else { return false }
        if host.upperBound == range.upperBound { return true }
        let port = host.upperBound + 1..<range.upperBound
        return bytes[host.upperBound] == 0x3A && port.count <= 5 && port.allSatisfy { (0x30...0x39).contains(bytes[$0]) }
    }

    /// The host part: up to the colon of a port, brackets of an IPv6 literal included.
    static func host(_ range: Range<Int>, of bytes: Span<UInt8>) -> Range<Int> {
        var end = range.lowerBound
        if end < range.upperBound, bytes[end] == 0x5B {
            while end < range.upperBound, bytes[end] != 0x5D { end += 1 }
            return range.lowerBound..<min(end + 1, range.upperBound)
        }
        while end < range.upperBound, bytes[end] != 0x3A { end += 1 }
        return range.lowerBound..<end
    }

    static func isLocal(_ host: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        bytes.matches(host, lowercase: "localhost") || bytes.matches(host, lowercase: "127.0.0.1") || bytes.matches(host, lowercase: "[::1]")
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x3A, 0x5B, 0x5D, 0x7E, 0x25: true
        default: false
        }
    }
}
