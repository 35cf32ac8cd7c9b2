import Configuration
import OutboundHTTP
import Providers
import Secrets
import Time
package import Tokens

/// The tokens of other entries, for logins that need one.
package protocol TokenInputs: Sendable {
    /// - Throws: a `waiting` failure naming the entry, when it has no usable token.
    func token(for name: String) async throws(LoginFailure) -> Token
    /// The partner refused this token in a login; the one that replaced it, or nil where none came.
    func replacement(for name: String, refused: Token) async -> Token?
}
