package import LocalHTTP

/// Reads a request head from text, for tables of what is decided about requests without a socket.
package enum ParsedRequest {
    /// Calls `body` with the head and the bytes it points into.
    ///
    /// - Parameter lines: request line and field lines; `Host: localhost` is added where none is there.
    /// - Throws: `TestFailure` where the parser refuses it.
    package static func with<Result>(_ lines: String..., takesAnyHost: Bool = false, body: (borrowing RequestHead, Span<UInt8>) throws -> Result)
        throws -> Result
    {
        let hasHost = lines.contains { $0.lowercased().hasPrefix("host:") }
        let text = (lines + (hasHost ? [] : ["Host: localhost"])).map { $0 + "\r\n" }.joined() + "\r\n"
        let bytes = Array(text.utf8)
        let parser = RequestParser(limits: .usual)
        parser.takesAnyHost = takesAnyHost
        guard case .complete = parser.parse(bytes.span) else { throw TestFailure("not a request: \(text)") }
        return try body(parser.head, bytes.span)
    }
}
