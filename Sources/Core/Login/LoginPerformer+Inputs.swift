package import Configuration
import Providers
import Secrets
import Time
package import Tokens

private struct ReadSecret {
    let reference: SecretReference
    let outcome: Result<[UInt8], LoginFailure>
}

extension LoginPerformer {
    /// Reads an entry's inputs, each secret once; called once per login. An alternative that cannot be read is left out.
    ///
    /// - Throws: `LoginFailure`, class local, if no variant is left; it names every secret that cannot be read.
    package func ownInputs(_ token: TokenConfiguration) async throws(LoginFailure) -> OwnInputs {
        let count = token.inputs.values.map(\.alternatives).max() ?? 1
        // The account is more than its values: the same values at another partner, or behind another token, are another account.
        let account = Array(([token.provider.name] + token.tokenInputs).joined(separator: "\0").utf8)
        var read: [ReadSecret] = []
        var variants: [OwnInputs.Variant] = []
        for index in 0..<count {
            do throws(LoginFailure) {
                let values = try await values(token, alternative: index, &read)
                var text: [UInt8] = account
                for name in values.names { text += Array(name.utf8) + [0] + (values[name] ?? []) + [0] }
                let digest = Digest.sha256(text)
                if !variants.contains(where: { $0.digest == digest }) { variants.append(OwnInputs.Variant(values: values, digest: digest)) }
            } catch {
                continue  // `read` keeps it
            }
        }
        let problem = Self.problem(read)
        if variants.isEmpty { throw LoginFailure(.local, problem ?? "a secret cannot be read") }
        return OwnInputs(variants: variants, passphrase: try await passphrase(token), problem: problem)
    }

    /// What is wrong with an entry's derived values, as far as they need no answer: a key that cannot sign, a seed that is no base32.
    package func valueProblem(_ token: TokenConfiguration) async -> String? {
        guard !token.provider.values.isEmpty, let own = try? await ownInputs(token) else { return nil }
        for variant in own.variants {
            var values = variant.values
            for input in token.provider.inputs where values[input.name] == nil {
                let isGiven = input.isToken || input.discovered != nil || token.perRequest.contains { $0.name == input.name }
                if isGiven { values[input.name] = Array("https://value.invalid".utf8) }
            }
            var derivation = ValueDerivation(token.provider.values, ValueEnvironment(wall: { [clocks] in clocks.wall }))
            do throws(LoginFailure) {
                try derivation.derive(into: &values) { token.provider.input($0) == nil }
            } catch {
                return error.reason
            }
        }
        return nil
    }

    private static func problem(_ read: [ReadSecret]) -> String? {
        let reasons = read.compactMap { secret in if case .failure(let failure) = secret.outcome { failure.reason } else { nil } }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }

    private func passphrase(_ token: TokenConfiguration) async throws(LoginFailure) -> [UInt8]? {
        guard let reference = token.keyPassphrase else { return nil }
        do throws(SecretFault) {
            return try await secrets.read(reference).exposedBytes
        } catch {
            throw LoginFailure(.local, "passphrase: \(error)")
        }
    }

    /// Values of all inputs except token inputs: those configured, and defaults for the others.
    private func values(_ token: TokenConfiguration, alternative: Int, _ read: inout [ReadSecret])
        async throws(LoginFailure) -> ValueScope
    {
        var values = ValueScope()
        for input in token.provider.inputs where !input.isToken {
            let value: [UInt8]?
            switch token.inputs[input.name] {
            case .text(let text): value = Array(text.utf8)
            case .secret(let references):
                let reference = references[min(alternative, references.count - 1)]
                if let known = read.first(where: { $0.reference == reference }) {
                    value = try known.outcome.get()
                } else {
                    let outcome = await secret(reference, for: input)
                    read.append(ReadSecret(reference: reference, outcome: outcome))
                    value = try outcome.get()
                }
            case .token, nil: value = input.defaultValue.map { Array($0.utf8) }
            }
            // A base URL's final slash is dropped wherever the URL stands.
            let isBase = input.kind == .url && !token.provider.isWholeURL(input.name)
            if let value { values[input.name] = isBase && value.last == UInt8(ascii: "/") ? value.dropLast() : value }
        }
        return values
    }

    private func secret(_ reference: SecretReference, for input: InputDefinition) async -> Result<[UInt8], LoginFailure> {
        let secret: Secret
        do throws(SecretFault) {
            secret = try await secrets.read(reference)
        } catch {
            return .failure(LoginFailure(.local, "\(input.name): \(error)"))
        }
        if input.kind == .url || input.pattern != nil, let problem = InputRule.problem(with: secret.exposedText, for: input) {
            return .failure(LoginFailure(.local, "\(reference.place): \(problem)"))
        }
        return .success(secret.exposedBytes)
    }
}
