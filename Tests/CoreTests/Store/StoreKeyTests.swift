import Secrets
import Store
import TestSupport
import Testing

/// The key of a store.
@Suite struct StoreKeyTests {
    @Test func `a store key is 32 bytes, their base64 or their hexadecimal`() {
        let bytes = [UInt8](0..<32)
        let want = StoreKey(Secret(bytes))?.derived(for: "x")
        #expect(want != nil)
        #expect(StoreKey(Secret(Digest.hex(bytes)))?.derived(for: "x") == want)
        #expect(StoreKey(Secret("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))?.derived(for: "x") == want)
        #expect(StoreKey(Secret("short")) == nil && StoreKey(Secret(Digest.hex(bytes) + "00")) == nil)
    }
}
