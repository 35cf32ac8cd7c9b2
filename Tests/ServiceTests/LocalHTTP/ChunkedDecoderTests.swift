import TestSupport
import Testing

@testable import LocalHTTP

/// The chunked coding (RFC 9112 §7.1).
@Suite struct ChunkedDecoderTests {
    /// The body, or the status it is refused with; nil where more is awaited.
    private func decode(_ text: String, pieces: Int = 1) -> (body: String?, status: Int?) {
        let bytes = Array(text.utf8)
        var decoder = ChunkedDecoder()
        var position = 0
        do throws(MessageFault) {
            for end in stride(from: max(1, bytes.count / pieces), through: bytes.count, by: max(1, bytes.count / pieces)) {
                if try decoder.decode(bytes.span.extracting(0..<end), from: &position, limits: .usual, headBytes: 100) {
                    return (String(decoding: decoder.body, as: UTF8.self), nil)
                }
            }
            return (nil, nil)
        } catch {
            return (nil, error.status)
        }
    }

    @Test(arguments: [
        ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"), ("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"),
        ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("000005\r\nhello\r\n0\r\n\r\n", "hello"), ("5;a=b;c=\"d;e\"\r\nhello\r\n0\r\n\r\n", "hello"), ("1\r\nx\r\n0\r\nTrailer: y\r\n\r\n", "x"),
    ])
    func `chunks are put together, in any pieces`(text: String, body: String) {
        for pieces in [1, 2, 3, text.utf8.count] {
            let end = decode(text, pieces: pieces)
            #expect(end.status == nil)
            if pieces == 1 || pieces == text.utf8.count { #expect(end.body == body) }
        }
    }

    @Test(arguments: [
        ("x\r\n", 400), ("\r\n", 400), ("5\nhello", 400), ("5\r\nhelloX\r\n", 400), ("-1\r\n", 400), ("5 \r\n", 400), ("5;\r\nhello", 400),
        ("5\rhello", 400),
        ("10001\r\n", 413), ("FFFFFFFFF\r\n", 413), ("5;\(String(repeating: "x", count: 300))\r\n", 431), ("0\r\nbad trailer\r\n\r\n", 400),
    ])
    func `anything doubtful is refused`(text: String, status: Int) {
        #expect(decode(text).status == status)
    }

    @Test func `more is awaited until the last line`() {
        for text in ["", "5", "5\r\n", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0\r\n", "0\r\nA: b\r\n"] {
            let end = decode(text.isEmpty ? " " : text)
            if !text.isEmpty { #expect(end.body == nil && end.status == nil, "\(text.debugDescription)") }
        }
    }
}
