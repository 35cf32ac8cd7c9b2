import Secrets
import TestSupport
import Testing

/// RFC 4648, both alphabets.
@Suite struct Base64Tests {
    @Test func `base64url is read and written without padding`() {
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8($0 * 7 & 255) }
            #expect(Base64.decode(Base64.encode(bytes, .url).utf8, .url) == bytes)
        }
        #expect(Base64.decode("ab=c".utf8, .url) == nil)
    }
}
