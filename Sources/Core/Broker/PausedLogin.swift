package import Tokens

/// The failures of a combination of per-request inputs that gave way to others: the partner's pause goes on without it.
package final class PausedLogin: Sendable {
    package let trouble: TokenState.Trouble

    package init(trouble: TokenState.Trouble) {
        self.trouble = trouble
    }
}
