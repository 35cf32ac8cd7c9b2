import Secrets

/// The secrets of a check: systemd reads the service's credentials as root and passes them to it, so that they are read before root's
/// rights are given up; everything else is read with the service's rights.
struct CheckedSecrets: SecretSource {
    private let source: SystemSecretSource
    private var credentials: [String: Result<[UInt8], SecretFault>] = [:]
    private let environment: [String: String]

    init(environment: [String: String]) {
        self.environment = environment
        source = SystemSecretSource(environment: environment)
    }

    /// Reads the credentials among references now.
    mutating func readCredentials(of references: [SecretReference]) async {
        for case .credential(let name) in references where credentials[name] == nil {
            do throws(SecretFault) {
                credentials[name] = .success(try await source.readBytes(.credential(name: name)))
            } catch {
                credentials[name] = .failure(error)
            }
        }
    }

    /// Whether a reference is a credential that exists in encrypted form only.
    func isSealed(_ reference: SecretReference) -> Bool {
        if case .credential(let name) = reference { Credentials(environment: environment).isSealed(name) } else { false }
    }

    func read(_ reference: SecretReference) async throws(SecretFault) -> Secret {
        if case .credential = reference { return try SecretText.secret(in: try await readBytes(reference), at: reference.place) }
        return try await source.read(reference)
    }

    func readBytes(_ reference: SecretReference) async throws(SecretFault) -> [UInt8] {
        if case .credential(let name) = reference, let known = credentials[name] { return try known.get() }
        return try await source.readBytes(reference)
    }
}
