import OutboundHTTP
import TestSupport
import Testing

/// RFC 3986 §2.
@Suite struct PercentEncodingTests {
    @Test(arguments: [
        ("", ""), ("aZ09-._~", "aZ09-._~"), ("a b&c=d/e?f", "a%20b%26c%3Dd%2Fe%3Ff"), ("é+%", "%C3%A9%2B%25"), ("\u{0}\u{7F}", "%00%7F"),
    ])
    func `everything but unreserved characters is encoded`(text: String, encoded: String) {
        #expect(String(decoding: PercentEncoding.encode(text.utf8), as: UTF8.self) == encoded)
    }
}
