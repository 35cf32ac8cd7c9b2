package import Secrets
package import Time

/// A token that another one has replaced, and whose session at the partner is to be ended a while later.
package struct ReplacedSession: Sendable {
    package var value: Secret
    /// What its login kept, which the logout may name.
    package var kept: [String: String]
    /// On the wall clock, so that it is known after a restart.
    package var due: WallTime

    package init(_ token: Token, due: WallTime) {
        value = token.value
        kept = token.kept
        self.due = due
    }

    init(value: Secret, kept: [String: String], due: WallTime) {
        self.value = value
        self.kept = kept
        self.due = due
    }
}
