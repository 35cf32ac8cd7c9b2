package import Tokens

/// Supplies tokens of other entries to logins that need one.
package protocol TokenInputs: Sendable {
    /// - Throws: a `waiting` failure naming the entry, if it has no usable token.
    func token(for name: String) async throws(LoginFailure) -> Token
    /// Reports that the partner refused this token in a login; returns its replacement, or nil if none came.
    func replacement(for name: String, refused: Token) async -> Token?
}
