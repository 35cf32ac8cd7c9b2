import Secrets
import TestSupport
import Testing
import Time
import Tokens

@testable import Login

/// When a rejection in a chain may be due to the input token.
@Suite struct InputTrustTests {
    private let clocks = FakeClocks()

    private func token(age: Double, life: Double?) -> Token {
        let draft = TokenDraft(
            value: Secret("t"), expiry: Expiry(origin: .field, lifetime: life.map { .seconds($0) }), sentAt: clocks.boot - .seconds(age),
            sentAtWall: clocks.wall)
        return Token(draft, fingerprint: "f")
    }

    @Test(
        arguments: [(59, 900, false), (61, 900, true), (1.9, 20, false), (2.1, 20, true), (59, nil, false), (61, nil, true)]
            as [(Double, Double?, Bool)])
    func `a young token is no suspect`(age: Double, life: Double?, isSuspect: Bool) {
        #expect(InputTrust().isSuspect(token(age: age, life: life), for: Array("a".utf8), at: clocks.boot) == isSuspect)
    }

    @Test func `a token with which another entry just logged in is no suspect, one's own success clears nothing`() {
        let (trust, old) = (InputTrust(), token(age: 600, life: 900))
        trust.worked([old], for: Array("a".utf8), at: clocks.boot)
        #expect(trust.isSuspect(old, for: Array("a".utf8), at: clocks.boot))
        #expect(!trust.isSuspect(old, for: Array("b".utf8), at: clocks.boot))
        #expect(trust.isSuspect(old, for: Array("b".utf8), at: clocks.boot + .seconds(61)))
    }
}
