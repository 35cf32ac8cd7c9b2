import Glibc
import Synchronization

/// A base URL: scheme, host, port and path prefix. Secrets are sent to it, so it must be https; http only to a loopback literal.
package enum BaseURL {
    /// The URL without a final "/".
    package static func withoutFinalSlash(_ text: String) -> String { text.hasSuffix("/") ? String(text.dropLast()) : text }

    /// Base URLs that were found valid: thousands of entries have the same one, and each of their logins asks again.
    private static let valid = Mutex<Set<String>>([])
    private static let mostValid = 256

    /// What is wrong with a base URL; nil if it is valid.
    package static func problem(with text: String) -> String? {
        if valid.withLock({ $0.contains(text) }) { return nil }
        let problem = examine(text)
        if problem == nil { valid.withLock { if $0.count < mostValid { $0.insert(text) } } }
        return problem
    }

    private static func examine(_ text: String) -> String? {
        guard let parts = parts(text) else { return "must be a URL such as https://api.example.com" }
        guard parts.rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !parts.rest.utf8.contains(where: "?#\\\"<>^`{|}".utf8.contains) else {
            return "must have only scheme, host, port and path prefix, no query or fragment"
        }
        guard !parts.host.isEmpty, !parts.host.contains("@") else { return "must name a host and no user" }
        guard let origin = origin(text) else { return "must be a URL such as https://api.example.com" }
        if let problem = hostProblem(origin.host) { return problem }
        let hasPort = parts.host.count > origin.host.count
        guard !hasPort || origin.port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) && UInt16(origin.port).map({ $0 > 0 }) ?? false else {
            return "has the port \(origin.port), which must be a number from 1 to 65535"
        }
        if let problem = pathProblem(parts.rest.dropFirst(parts.host.count)) { return problem }
        if parts.scheme == "http", !isLoopbackLiteral(parts.host) { return "must begin with https:// (http:// is only for 127.0.0.1 and [::1])" }
        return nil
    }

    /// A name of letters, digits, hyphens and dots, an IPv4 address, or an IPv6 address in brackets.
    private static func hostProblem(_ host: String) -> String? {
        if host.hasPrefix("[") {
            let address = host.dropFirst().dropLast()
            var bytes = in6_addr()
            guard host.hasSuffix("]"), unsafe inet_pton(AF_INET6, String(address), &bytes) == 1 else {
                return "has the host \(host), which is no IPv6 address"
            }
            return nil
        }
        let isFit: (UInt8) -> Bool = { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        // A final dot makes a name absolute.
        let isWhole = !host.isEmpty && labels.dropLast().allSatisfy { !$0.isEmpty } && host != "." && labels.allSatisfy { $0.utf8.count <= 63 }
        let hasHyphenAtEnd = labels.contains { $0.hasPrefix("-") || $0.hasSuffix("-") }
        guard host.utf8.allSatisfy(isFit), isWhole, !hasHyphenAtEnd, host.utf8.count <= 253, !endsInNumber(labels) || isIPv4(host) else {
            return "has the host \(host), which is no name and no address"
        }
        return nil
    }

    /// Whether the last label is a number: then the host is read as an IPv4 address, however it is written.
    private static func endsInNumber(_ labels: [Substring]) -> Bool {
        guard let last = labels.last(where: { !$0.isEmpty }) else { return false }
        return last.utf8.allSatisfy { (0x30...0x39).contains($0) } || last.hasPrefix("0x") && last.utf8.dropFirst(2).allSatisfy(isHex)
    }

    private static func isIPv4(_ host: String) -> Bool {
        var address = in_addr()
        return unsafe inet_pton(AF_INET, host, &address) == 1
    }

    /// A path prefix without what would be read as another one: `.` and `..` segments, and a percent sign that escapes nothing.
    package static func pathProblem(_ path: some StringProtocol) -> String? {
        let segments = path.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        if segments.contains(where: { $0 == "." || $0 == ".." }) { return "has a segment . or .., which would name another path" }
        let bytes = Array(path.utf8)
        for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: "%") {
            let isEscape = place + 2 < bytes.count && isHex(bytes[place + 1]) && isHex(bytes[place + 2])
            if !isEscape { return "has a % that escapes nothing; write %25 for the character itself" }
        }
        return nil
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
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

    /// Whether an authority is a loopback address, with or without a port.
    package static func isLoopbackLiteral(_ authority: String) -> Bool {
        guard let origin = origin("http://\(authority)") else { return false }
        if origin.host == "[::1]" { return true }
        let parts = origin.host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
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
        examine(String(url.prefix { $0 != "?" })).map { "the URL \($0)" }
    }
}
