import Synchronization
import Time
import Tokens

/// Remembers which entry logged in with which input token: evidence that the token is good.
///
/// A rejection in a chained login may mean the login's own secrets or its input token.
package final class InputTrust: Sendable {
    private struct Use: Hashable {
        let fingerprint: String
        /// The bytes of its name.
        let entry: [UInt8]
    }

    /// The last success of each use; those over a minute old are evidence of nothing.
    private let uses = Mutex<[Use: BootInstant]>([:])

    /// The longest time for which a success is evidence.
    private static let longest = Duration.seconds(60)

    package init() {}

    /// A rejection is not attributed to an input token younger than this: 60 s, or a tenth of a short life.
    private static func least(_ token: Token) -> Duration { min(longest, token.expiry.lifetime.map { $0 / 10 } ?? longest) }

    func worked(_ tokens: some Collection<Token>, for entry: [UInt8], at now: BootInstant) {
        guard !tokens.isEmpty else { return }
        uses.withLock { uses in
            uses = uses.filter { $0.value + Self.longest > now }
            for token in tokens { uses[Use(fingerprint: token.fingerprint, entry: entry)] = now }
        }
    }

    /// Whether a rejection may be due to this token: it is old enough, and no other entry logged in with it within that time.
    func isSuspect(_ token: Token, for entry: [UInt8], at now: BootInstant) -> Bool {
        let least = Self.least(token)
        guard now - token.issuedAt > least else { return false }
        return uses.withLock { uses in
            !uses.contains { $0.key.fingerprint == token.fingerprint && $0.key.entry != entry && $0.value + least > now }
        }
    }
}
