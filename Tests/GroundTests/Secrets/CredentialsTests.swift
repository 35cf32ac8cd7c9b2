import TestSupport
import Testing

@testable import Secrets

/// Where a service's credentials are, and what is said of one that is not there.
@Suite struct CredentialsTests {
    private static func withFolder(_ files: [String], _ body: (Credentials, String) throws -> Void) throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        for file in files { try TestFiles.write("secret", to: "\(folder)/\(file)", mode: 0o640) }
        try body(Credentials(environment: ["CREDENTIALS_DIRECTORY": folder]), folder)
    }

    @Test(arguments: [
        (["key"], "key"), (["encrypted_key"], "encrypted_key"), (["plain_key"], "plain_key"),
        // One that the unit names by itself comes first, then an encrypted one.
        (["plain_key", "encrypted_key", "key"], "key"), (["plain_key", "encrypted_key"], "encrypted_key"),
    ]) func `a credential is the file that systemd passed`(files: [String], expected: String) throws {
        try Self.withFolder(files) { credentials, folder in
            let found = try credentials.file(of: "key", place: "credential key")
            #expect(found.path == "\(folder)/\(expected)")
            // The mode shows the mask of an ACL.
            #expect(found.isShared)
            #expect(!credentials.isSealed("key"))
        }
    }

    @Test func `one that was not passed says where to put it`() throws {
        try Self.withFolder(["other"]) { credentials, _ in
            let fault = #expect(throws: SecretFault.self) { try credentials.file(of: "key", place: "credential key") }
            #expect(fault?.place == "credential key")
            #expect(fault?.problem.contains("/etc/tokenbroker/credentials") == true && fault?.problem.contains("restart the service") == true)
        }
    }

    @Test func `outside the service the operator's own file is named`() {
        let credentials = Credentials(environment: [:])
        let fault = #expect(throws: SecretFault.self) { try credentials.file(of: "no-such-credential", place: "credential no-such-credential") }
        #expect(fault?.problem.contains("/etc/tokenbroker/credentials/no-such-credential") == true)
        #expect(credentials.outdated(among: ["no-such-credential"]).isEmpty)
    }

    @Test func `a credential that no folder of the unit has is never outdated`() throws {
        try Self.withFolder(["key"]) { credentials, _ in #expect(credentials.outdated(among: ["key", "gone"]).isEmpty) }
    }
}
