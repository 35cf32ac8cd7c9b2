import Glibc

/// Reads secrets from where they stand. A role, so that tests can hand them in.
package protocol SecretSource: Sendable {
    /// - Throws: `SecretFault` naming the place; nothing secret is in it.
    func read(_ reference: SecretReference) async throws(SecretFault) -> Secret
}
