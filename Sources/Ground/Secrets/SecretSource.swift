import Glibc

/// Reads secrets by reference. A role, so that tests can supply their own.
package protocol SecretSource: Sendable {
    /// - Throws: `SecretFault`, which names the place and contains no secret.
    func read(_ reference: SecretReference) async throws(SecretFault) -> Secret

    /// The bytes as they are kept, for a secret that may be binary.
    ///
    /// - Throws: `SecretFault`, as `read` does.
    func readBytes(_ reference: SecretReference) async throws(SecretFault) -> [UInt8]
}
