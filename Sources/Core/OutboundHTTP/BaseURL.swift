/// A base URL: scheme, host, port and path prefix. Secrets are sent to it, so it must be https; http only to a loopback literal.
package enum BaseURL {
    /// The URL without a final "/".
    package static func withoutFinalSlash(_ text: String) -> String { text.hasSuffix("/") ? String(text.dropLast()) : text }

    /// What is wrong with a base URL; nil if it is valid.
    package static func problem(with text: String) -> String? {
        guard let parts = parts(text) else { return "must be a URL such as https://api.example.com" }
        guard parts.rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !parts.rest.contains(where: { "?#\\\"<>^`{|}".contains($0) }) else {
            return "must have only scheme, host, port and path prefix, no query or fragment"
        }
        guard !parts.host.isEmpty, !parts.host.contains("@") else { return "must name a host and no user" }
        if parts.scheme == "http", !isLoopbackLiteral(parts.host) { return "must begin with https:// (http:// is only for 127.0.0.1 and [::1])" }
        return nil
    }

    /// The host with its port, for limits per host.
    package static func host(_ text: String) -> String { parts(text)?.host ?? text }

    /// Scheme, host and port of a URL, for comparison (RFC 6454 §4); nil where there is none.
    package struct Origin: Hashable, Sendable {
        package let scheme: String
        /// In lower case.
        package let host: String
        package let port: String
    }

    package static func origin(_ text: String) -> Origin? {
        guard let parts = parts(text), !parts.host.isEmpty, !parts.host.contains("@") else { return nil }
        // A colon within brackets belongs to an IPv6 address.
        let colon = parts.host.lastIndex(of: ":").flatMap { place in parts.host[place...].contains("]") ? nil : place }
        let host = parts.host[..<(colon ?? parts.host.endIndex)].lowercased()
        let port = colon.map { String(parts.host[parts.host.index(after: $0)...]) } ?? (parts.scheme == "https" ? "443" : "80")
        return Origin(scheme: parts.scheme, host: host, port: port)
    }

    package static func isLoopbackLiteral(_ authority: String) -> Bool {
        if authority == "[::1]" || authority.hasPrefix("[::1]:") { return true }
        let host = authority.split(separator: ":", maxSplits: 1).first ?? ""
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func parts(_ text: String) -> (scheme: String, host: String, rest: Substring)? {
        for scheme in ["https", "http"] where text.hasPrefix("\(scheme)://") {
            let rest = text.dropFirst(scheme.count + 3)
            return (scheme, String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }), rest)
        }
        return nil
    }

    /// What is wrong with a request's URL; nil if it is valid.
    static func problem(withRequestURL url: String) -> String? {
        problem(with: String(url.prefix { $0 != "?" })).map { "the URL \($0)" }
    }
}
