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
