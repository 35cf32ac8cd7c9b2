import LocalHTTP
import TestSupport
import Testing

@Suite struct RequestParserTests {
    /// A literal message of the corpus (Tests/Fixtures/http).
    struct Message: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        var testDescription: String { name }
    }

    /// Beside each of these stands what is read of it: method, path, body in hex.
    static let accepted = corpus("accepted")
    /// The name begins with the status.
    static let refused = corpus("refused")

    static func corpus(_ folder: String) -> [Message] {
        let path = "Tests/Fixtures/http/\(folder)"
        let names = ((try? TestFiles.names(path)) ?? []).filter { $0.hasSuffix(".http") }
        return names.compactMap { name in (try? TestFiles.bytes("\(path)/\(name)")).map { Message(name: name, bytes: $0) } }
    }

    static func parse(_ bytes: [UInt8]) -> (RequestParser, RequestParser.Progress) {
        let parser = RequestParser(limits: ServerLimits.usual)
        let progress = parser.parse(bytes.span)
        return (parser, progress)
    }

    static func parse(_ message: String) -> (RequestParser, RequestParser.Progress) { parse(Array(message.utf8)) }

    @Test func `there is a corpus`() {
        #expect(Self.accepted.count >= 20 && Self.refused.count >= 90)
    }

    @Test(arguments: accepted) func `a well-formed message is read whole`(message: Message) throws {
        let (parser, progress) = Self.parse(message.bytes)
        #expect(progress == .complete(length: message.bytes.count))
        let body = parser.chunkedBody ?? Array(message.bytes[parser.bodyRange])
        let method = parser.head.method == .other ? "PURGE" : parser.head.method.rawValue
        let read = [
            method, message.bytes.span.text(parser.head.path), body.map { String(($0 >> 4), radix: 16) + String($0 & 15, radix: 16) }.joined(),
        ]
        let expected = try TestFiles.text("Tests/Fixtures/http/accepted/" + message.name.replacing(".http", with: ".expected"))
        #expect(read.filter { !$0.isEmpty }.joined(separator: " ") + "\n" == expected)
    }

    @Test(arguments: refused) func `a doubtful message is refused`(message: Message) {
        guard case .refused(let fault) = Self.parse(message.bytes).1 else {
            Issue.record("not refused: \(Self.parse(message.bytes).1)")
            return
        }
        #expect(message.name.hasPrefix("\(fault.status)-"), "\(fault)")
    }

    @Test(arguments: accepted + refused) func `split at any byte the outcome is the same`(message: Message) {
        let (reader, whole) = Self.parse(message.bytes)
        for cut in 1..<message.bytes.count {
            let parser = RequestParser(limits: ServerLimits.usual)
            let first = parser.parse(Array(message.bytes[..<cut]).span)
            let outcome = first == .needsMore ? parser.parse(message.bytes.span) : first
            #expect(outcome == whole && parser.chunkedBody == reader.chunkedBody && parser.bodyRange == reader.bodyRange, "cut at \(cut)")
        }
    }

    @Test(arguments: accepted + refused) func `byte by byte the outcome is the same`(message: Message) {
        let parser = RequestParser(limits: ServerLimits.usual)
        var outcome = RequestParser.Progress.needsMore
        for end in 1...message.bytes.count where outcome == .needsMore { outcome = parser.parse(Array(message.bytes[..<end]).span) }
        #expect(outcome == Self.parse(message.bytes).1)
    }

    @Test func `one message leaves nothing behind for the next`() {
        for first in Self.accepted {
            for second in Self.accepted {
                let parser = RequestParser(limits: ServerLimits.usual)
                _ = parser.parse(first.bytes.span)
                parser.reset()
                #expect(parser.parse(second.bytes.span) == .complete(length: second.bytes.count), "\(second.name) after \(first.name)")
                #expect(parser.chunkedBody == Self.parse(second.bytes).0.chunkedBody)
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
        let room = ServerLimits.usual.headerBytes - frame
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: room))\r\n\r\n") == nil)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: room + 1))\r\n\r\n") == 431)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 20_000))") == 431)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 99) + "\r\n") == nil)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: y\r\n", count: 100) + "\r\n") == 431)
        let target = String(repeating: "a", count: 20_000)
        #expect(refusal("GET /\(target) HTTP/1.1\r\nHost: a\r\n\r\n") == 414 && refusal("GET /\(target)") == 414)
        for connect in ["/", "a", "a:", "a:b", "a:1/", "http://a:1"] { #expect(refusal("CONNECT \(connect) HTTP/1.1\r\nHost: a\r\n\r\n") == 400) }
        #expect(refusal("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n") == nil)
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
