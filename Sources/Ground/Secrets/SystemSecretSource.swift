import Files
import Glibc

/// Reads secrets from this machine's files, environment, systemd credentials and commands.
package struct SystemSecretSource: SecretSource {
    /// A secret longer than this is a mistake.
    package static let maximumBytes = 64 * 1024

    private let environment: [String: String]
    /// Time limit for a command.
    private let commandTime: Duration

    package init(environment: [String: String], commandTime: Duration = .seconds(10)) {
        self.environment = environment
        self.commandTime = commandTime
    }

    package func read(_ reference: SecretReference) async throws(SecretFault) -> Secret {
        if case .value(let secret) = reference { return secret }
        return try SecretText.secret(in: try await readBytes(reference), at: reference.place)
    }

    package func readBytes(_ reference: SecretReference) async throws(SecretFault) -> [UInt8] {
        switch reference {
        case .value(let secret): return secret.exposedBytes
        case .file(let path, let isShared): return try Self.file(path, place: reference.place, isShared: isShared)
        case .environment(let name):
            guard let value = environment[name] else { throw SecretFault(place: reference.place, problem: "is not set") }
            return Array(value.utf8)
        case .credential(let name):
            let (path, isShared) = try Credentials(environment: environment).file(of: name, place: reference.place)
            return try Self.file(path, place: reference.place, isShared: isShared)
        case .command(let words, let names):
            let passed = environment.filter { ["PATH", "HOME", "LANG"].contains($0.key) || names.contains($0.key) }
            let bounds = SecretCommand.Bounds(size: Self.maximumBytes, time: commandTime)
            return try await SecretCommand.run(words, environment: passed, bounds: bounds)
        }
    }

    private static func file(_ path: String, place: String, isShared: Bool) throws(SecretFault) -> [UInt8] {
        let problem: String?
        do throws(SystemCallError) {
            let file = try SmallFile(path)
            problem = self.problem(with: file, isShared: isShared)
            if problem == nil { return Array(try file.bytes(atMost: maximumBytes).prefix(maximumBytes)) }
        } catch {
            let what = error.call == "open" ? "cannot be opened" : "cannot be read"
            let reason = SystemCallError.text(of: error.code)
            guard error.code == EACCES else { throw SecretFault(place: place, problem: "\(what): \(reason)") }
            let user = UserName.of(geteuid())
            throw SecretFault(place: place, problem: "\(what) by user \(user): \(reason); `sudo chown \(user) \(path)` allows it")
        }
        throw SecretFault(place: place, problem: problem ?? "")
    }

    private static func problem(with file: borrowing SmallFile, isShared: Bool) -> String? {
        guard file.isRegular else { return "is not a regular file" }
        guard isShared || file.mode & 0o077 == 0 else {
            let mode = String(file.mode & 0o777, radix: 8)
            return "can be read by group or others (mode 0\(mode)); chmod 600 it, or accept it with shared: true"
        }
        return file.size <= maximumBytes ? nil : "is larger than 64 KiB"
    }
}
