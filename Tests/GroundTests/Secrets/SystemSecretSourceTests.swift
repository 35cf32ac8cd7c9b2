import Secrets
import TestSupport
import Testing

/// Secrets from where they stand.
@Suite struct SystemSecretSourceTests {
    private func read(_ reference: SecretReference, environment: [String: String] = [:]) async throws(SecretFault) -> String {
        try await SystemSecretSource(environment: environment).read(reference).exposedText
    }

    @Test func `a file others can read is refused, unless it is said to be shared`() async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let path = "\(folder)/secret"
        try TestFiles.write("s3cret\n", to: path)
        #expect(try await read(.file(path: path, isShared: false)) == "s3cret")
        try TestFiles.write("s3cret", to: path, mode: 0o640)
        await #expect(throws: SecretFault.self) { try await read(.file(path: path, isShared: false)) }
        #expect(try await read(.file(path: path, isShared: true)) == "s3cret")
        #expect(try await read(.credential(name: "secret"), environment: ["CREDENTIALS_DIRECTORY": folder]) == "s3cret")
        // As LoadCredential= of a folder names them.
        try TestFiles.write("f0lder", to: "\(folder)/plain_key")
        try TestFiles.write("s3aled", to: "\(folder)/encrypted_key")
        #expect(try await read(.credential(name: "key"), environment: ["CREDENTIALS_DIRECTORY": folder]) == "s3aled")
        try TestFiles.write("", to: path)
        await #expect(throws: SecretFault.self) { try await read(.file(path: path, isShared: false)) }
        await #expect(throws: SecretFault.self) { try await read(.file(path: folder, isShared: true)) }
    }

    @Test func `environment and commands give what they hold`() async throws {
        #expect(try await read(.environment(name: "K"), environment: ["K": "v"]) == "v")
        await #expect(throws: SecretFault.self) { try await read(.environment(name: "L"), environment: ["K": "v"]) }
        #expect(try await read(.command(["echo", "$HOME; x"])) == "$HOME; x")
        await #expect(throws: SecretFault.self) { try await read(.command(["false"])) }
        await #expect(throws: SecretFault.self) { try await read(.command(["no-such-program-here"])) }
        await #expect(throws: SecretFault.self) { try await read(.command(["head", "-c", "100000", "/dev/zero"])) }
    }
}
