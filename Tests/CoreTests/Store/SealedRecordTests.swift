import Glibc
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
}
