import LocalHTTP
import Testing

@Suite struct RequestParserTests {
    /// Every message, and what it must be: its body, or the status it is refused with.
    static let accepted: [(message: String, path: String, body: String)] = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "/", ""),
        ("\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n", "/x", ""),
        ("GET /v1/tokens/a?wait=1&b=%20 HTTP/1.1\r\nHost: localhost:8653\r\nAccept: */*\r\n\r\n", "/v1/tokens/a", ""),
        ("HEAD /a HTTP/1.1\r\nhOsT:   a  \r\n\r\n", "/a", ""),
        ("GET http://127.0.0.1/a?q HTTP/1.1\r\nHost: b\r\n\r\n", "/a", ""),
        ("GET /a HTTP/1.0\r\nHost: a\r\n\r\n", "/a", ""),
        ("GET /a HTTP/1.9\r\nHost: a\r\n\r\n", "/a", ""),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*", ""),
        ("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "/a", "hello"),
        ("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "/a", ""),
        ("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "/a", "hello"),
        ("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3 ;z\r\nllo\r\n000\r\nT: v\r\n\r\n", "/a", "hello"),
        ("GET /a HTTP/1.1\r\nHost: a\r\nX: caf\u{e9}\tok\r\n\r\n", "/a", ""),
        ("GET /a HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n", "/a", ""),
    ]

    static let refused: [(message: String, status: Int)] = [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/11\r\nHost: a\r\n\r\n", 400),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", 400),
        (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\nHost: a\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n: y\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \u{7f}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX y\r\n\r\n", 400),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n", 413),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: the-unexpected\r\n\r\n", 417),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;;=;\"\r\nhi\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: zzzzzzzzzzzzzzzzzzzzzzzzzz\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [zz]\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a]b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", 400),
    ]

    static func parse(_ message: String) -> (RequestParser, RequestParser.Progress) {
        let parser = RequestParser(limits: ServerLimits())
        let progress = parser.parse(Array(message.utf8).span)
        return (parser, progress)
    }

    @Test(arguments: accepted) func `a well-formed message is read whole`(message: String, path: String, body: String) {
        let bytes = Array(message.utf8)
        let (parser, progress) = Self.parse(message)
        #expect(progress == .complete(length: bytes.count))
        #expect(bytes.span.text(parser.head.path) == path)
        #expect(String(decoding: parser.chunkedBody ?? Array(bytes[parser.bodyRange]), as: UTF8.self) == body)
    }

    @Test(arguments: refused) func `a doubtful message is refused`(message: String, status: Int) {
        let (_, progress) = Self.parse(message)
        guard case .refused(let fault) = progress else {
            Issue.record("not refused: \(progress)")
            return
        }
        #expect(fault.status == status)
    }

    @Test func `split at any byte the outcome is the same`() {
        for message in Self.accepted.map(\.message) + Self.refused.map(\.message) {
            let bytes = Array(message.utf8)
            let whole = Self.parse(message).1
            for cut in 1..<bytes.count {
                let parser = RequestParser(limits: ServerLimits())
                let first = parser.parse(Array(bytes[..<cut]).span)
                let outcome = first == .needsMore ? parser.parse(bytes.span) : first
                #expect(outcome == whole, "\(message.debugDescription) cut at \(cut)")
            }
        }
    }

    @Test func `byte by byte the outcome is the same`() {
        for message in Self.accepted.map(\.message) + Self.refused.map(\.message) {
            let bytes = Array(message.utf8)
            let parser = RequestParser(limits: ServerLimits())
            var outcome = RequestParser.Progress.needsMore
            for end in 1...bytes.count where outcome == .needsMore { outcome = parser.parse(Array(bytes[..<end]).span) }
            #expect(outcome == Self.parse(message).1, "\(message.debugDescription)")
        }
    }

    @Test func `one message leaves nothing behind for the next`() {
        let messages = Self.accepted.map(\.message) + ["POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]
        for first in messages {
            for second in messages {
                let parser = RequestParser(limits: ServerLimits())
                _ = parser.parse(Array(first.utf8).span)
                parser.reset()
                let bytes = Array(second.utf8)
                #expect(parser.parse(bytes.span) == .complete(length: bytes.count), "\(second.debugDescription) after \(first.debugDescription)")
                #expect(parser.chunkedBody == Self.parse(second).0.chunkedBody)
            }
        }
    }

    @Test func `what follows a message is left alone`() {
        let first = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        let (_, progress) = Self.parse(first + "GET /b HTTP/1.1\r\n")
        #expect(progress == .complete(length: first.utf8.count))
    }

    @Test func `the header limits hold to the byte and the field`() {
        func refusal(_ message: String) -> Int? {
            if case .refused(let fault) = Self.parse(message).1 { fault.status } else { nil }
        }
        let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".utf8.count
        let room = ServerLimits().headerBytes - frame
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: room))\r\n\r\n") == nil)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: room + 1))\r\n\r\n") == 431)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 20_000))") == 431)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 99) + "\r\n") == nil)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 100) + "\r\n") == 431)
        let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(refusal(chunked + "1;\(String(repeating: "x", count: 300))\r\n") == 431)
        #expect(refusal(chunked + "0\r\n" + String(repeating: "T: v\r\n", count: 101) + "\r\n") == 431)
    }

    @Test func `connection persistence follows version and Connection`() {
        func keepsAlive(_ message: String) -> Bool { Self.parse(message).0.head.keepsAlive }
        #expect(keepsAlive("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(!keepsAlive("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n"))
        #expect(!keepsAlive("GET / HTTP/1.0\r\nHost: a\r\n\r\n"))
    }
}
