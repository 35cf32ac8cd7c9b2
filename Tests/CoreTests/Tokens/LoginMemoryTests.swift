import Secrets
import Testing
import Time
import Tokens

/// What one login leaves for the next.
@Suite struct LoginMemoryTests {
    private static func report(_ refreshTokens: [String], fails: Bool = false) -> LoginReport {
        let outcome: Result<TokenDraft, LoginFailure> =
            fails
            ? .failure(LoginFailure(.transient, "down"))
            : .success(
                TokenDraft(
                    value: Secret("t"), expiry: Expiry(origin: .never), sentAt: .init(nanoseconds: 0), sentAtWall: .init(seconds: 0)))
        return LoginReport(outcome: outcome, inputDigest: [1], refreshTokens: refreshTokens.map { Secret($0) })
    }

    @Test func `a login that brought something counts one, and a changed refresh token is something`() {
        var memory = LoginMemory()
        let table: [(report: LoginReport, isChanged: Bool, number: Int64)] = [
            (Self.report([]), false, 1), (Self.report(["a"]), true, 2), (Self.report(["a"], fails: true), false, 2),
            (Self.report(["b"], fails: true), true, 3),
            (Self.report(["b"]), false, 4), (Self.report(["b", "a"], fails: true), true, 5),
        ]
        for row in table {
            let isChanged = memory.learn(row.report, tried: [9])
            #expect(isChanged == row.isChanged && memory.number == row.number)
        }
        #expect(memory.inputDigest == [1] && memory.triedDigest == [9])
    }
}
