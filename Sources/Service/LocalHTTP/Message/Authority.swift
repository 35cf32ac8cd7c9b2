import Glibc

/// `uri-host [ ":" port ]` (RFC 9110 §7.2, RFC 3986 §3.2.2), as found in Host and in an absolute-form target.
public enum Authority {
    public static func isWellFormed(_ range: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        let host = host(range, of: bytes)
        guard isHost(host, of: bytes) else { return false }
        if host.upperBound == range.upperBound { return true }
        let port = host.upperBound + 1..<range.upperBound
        return bytes[host.upperBound] == 0x3A && port.count <= 5 && port.allSatisfy { (0x30...0x39).contains(bytes[$0]) }
    }

    /// The host: everything before the colon of a port, including the brackets of an IPv6 literal.
    public static func host(_ range: Range<Int>, of bytes: Span<UInt8>) -> Range<Int> {
        var end = range.lowerBound
        if end < range.upperBound, bytes[end] == 0x5B {
            while end < range.upperBound, bytes[end] != 0x5D { end += 1 }
            return range.lowerBound..<min(end + 1, range.upperBound)
        }
        while end < range.upperBound, bytes[end] != 0x3A { end += 1 }
        return range.lowerBound..<end
    }

    /// Whether the host is 127.0.0.1, ::1 in any spelling, localhost, `localhost.` or ip6-localhost, case-insensitively.
    public static func isLocal(_ host: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        if bytes.matches(host, lowercase: "127.0.0.1") || bytes.matches(host, lowercase: "localhost") { return true }
        if host.count > 2, bytes[host.lowerBound] == 0x5B { return isLoopback6(host, of: bytes) }
        return bytes.matches(host, lowercase: "localhost.") || bytes.matches(host, lowercase: "ip6-localhost")
    }

    private static func isLoopback6(_ host: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        guard host.count <= 47, bytes[host.upperBound - 1] == 0x5D else { return false }
        var address = in6_addr()
        let text = bytes.text(host.lowerBound + 1..<host.upperBound - 1)
        guard unsafe inet_pton(AF_INET6, text, &address) == 1 else { return false }
        return unsafe withUnsafeBytes(of: address) { unsafe $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    }

    /// Whether a well-formed host is a name with a dot or an address: what a page in a browser could have.
    public static func isQualified(_ host: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        host.contains { bytes[$0] == 0x2E || bytes[$0] == 0x5B }
    }

    /// Whether the host is a name of letters, digits, hyphens, dots, underscores and tildes, or an IPv6 address in brackets.
    private static func isHost(_ host: Range<Int>, of bytes: Span<UInt8>) -> Bool {
        guard !host.isEmpty else { return false }
        guard bytes[host.lowerBound] == 0x5B else {
            return host.allSatisfy { index in
                switch bytes[index] {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
                default: false
                }
            }
        }
        let inside = host.dropFirst().dropLast()
        guard host.count >= 4, bytes[host.upperBound - 1] == 0x5D else { return false }
        return inside.allSatisfy { index in
            switch bytes[index] {
            case 0x30...0x3A, 0x41...0x46, 0x61...0x66, 0x2E: true
            default: false
            }
        }
    }
}
