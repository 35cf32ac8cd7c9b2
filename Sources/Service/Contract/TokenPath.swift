import LocalHTTP

/// Finds the token that a path names, in the received bytes, without creating a `String`.
package struct TokenPath: Sendable {
    /// `/v1/tokens/`, from the route.
    private let prefix: [UInt8]
    /// `/headers`.
    private let headers: [UInt8]

    package init() {
        func pattern(_ endpoint: Endpoint) -> [String] { RouteTable.routes.first { $0.endpoint == endpoint }?.pattern ?? [] }
        prefix = Array(pattern(.token).dropLast().map { "/\($0)" }.joined().utf8) + [UInt8(ascii: "/")]
        headers = Array("/\(pattern(.tokenHeaders).last ?? "")".utf8)
    }

    /// The range behind the prefix; nil for a path without it.
    package func rest(of path: Range<Int>, _ bytes: Span<UInt8>) -> Range<Int>? {
        let start = path.lowerBound + prefix.count
        guard start < path.upperBound, bytes.isExactly(path.lowerBound..<start, prefix) else { return nil }
        return start..<path.upperBound
    }

    /// Whether the path requests the headers of a token, whatever its name.
    package func isHeaders(_ path: Range<Int>, _ bytes: Span<UInt8>) -> Bool { nameOfHeaders(path, bytes) != nil }

    /// The name of the token whose headers a path requests; nil for another path.
    package func nameOfHeaders(_ path: Range<Int>, _ bytes: Span<UInt8>) -> Range<Int>? {
        guard let rest = rest(of: path, bytes), rest.count > headers.count else { return nil }
        let name = rest.lowerBound..<rest.upperBound - headers.count
        guard bytes.isExactly(name.upperBound..<rest.upperBound, headers) else { return nil }
        for index in name where bytes[index] == UInt8(ascii: "/") { return nil }
        return name
    }
}
