import Secrets
import TestSupport
import Testing

/// A secret is nowhere to be read by accident.
@Suite struct SecretTests {
    @Test func `a secret shows itself nowhere by accident`() {
        let secret = Secret("hunter2-canary")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(SecretReference.value(secret), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(SecretReference.value(secret))", "\([secret])", dumped] {
            #expect(!text.contains("hunter2"))
        }
        #expect(secret == Secret("hunter2-canary"))
        #expect(secret != Secret("hunter2-Canary"))
    }
}
