import Glibc

/// Reads secrets by reference. A role, so that tests can supply their own.
package protocol SecretSource: Sendable {
    /// - Throws: `SecretFault`, which names the place and contains no secret.
    func read(_ reference: SecretReference) async throws(SecretFault) -> Secret
}
