import Glibc
import Secrets
import Store
import TestSupport
import Testing

/// AES-256-GCM at rest.
@Suite struct SealedRecordTests {
    private static let key = StoreKey()

    @Test func `a sealed record opens with its key and what it belongs to alone`() {
        let key = Self.key.derived(for: "records")
        for text in [[], [1], Array(repeating: UInt8(7), count: 5000)] as [[UInt8]] {
            var sealed = SealedRecord.seal(text, key: key, associated: [1, 2])
            #expect(SealedRecord.open(sealed, key: key, associated: [1, 2]) == text)
            #expect(SealedRecord.open(sealed, key: key, associated: [1]) == nil)
            #expect(SealedRecord.open(sealed, key: Self.key.derived(for: "others"), associated: [1, 2]) == nil)
            #expect(SealedRecord.seal(text, key: key, associated: [1, 2]) != sealed)
            sealed[sealed.count - 1] ^= 1
            #expect(SealedRecord.open(sealed, key: key, associated: [1, 2]) == nil)
        }
        #expect(SealedRecord.open([1, 2, 3], key: key, associated: []) == nil)
    }

    /// The bytes on disk of every version: written by another implementation (Python's cryptography), nonce, text, tag.
    @Test func `a record of another implementation opens`() throws {
        let sealed = try #require(Digest.bytes(hex: "6465666768696a6b6c6d6e6f3c74b503178b24f155072dfea2bb8bf68e762533730f62852354a2"))
        let key = Secret(Array(UInt8(0)..<32))
        #expect(SealedRecord.open(sealed, key: key, associated: [1, 2]) == Array("tokenbroker".utf8))
        #expect(SealedRecord.seal([], key: key, associated: []).count == 28)
    }
}
