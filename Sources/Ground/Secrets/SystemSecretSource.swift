import Glibc

/// Files, environment, systemd credentials and commands of this machine.
package struct SystemSecretSource: SecretSource {
    /// A secret longer than this is a mistake.
    package static let maximumBytes = 64 * 1024
    /// How long a command may take.
    package static let commandTime = Duration.seconds(10)

    private let environment: [String: String]

    package init(environment: [String: String]) {
        self.environment = environment
    }

    package func read(_ reference: SecretReference) async throws(SecretFault) -> Secret {
        let bytes: [UInt8]
        switch reference {
        case .value(let secret):
            return secret
        case .file(let path, let isShared):
            bytes = try Self.file(path, place: reference.place, isShared: isShared)
        case .environment(let name):
            guard let value = environment[name] else { throw SecretFault(place: reference.place, problem: "is not set") }
            bytes = Array(value.utf8)
        case .credential(let name):
            let (path, isShared) = try Credentials(environment: environment).file(of: name, place: reference.place)
            bytes = try Self.file(path, place: reference.place, isShared: isShared)
        case .command(let words):
            bytes = try await SecretCommand.run(words, limit: Self.maximumBytes, time: Self.commandTime)
        }
        var trimmed = bytes
        if trimmed.last == 0x0A { trimmed.removeLast() }
        guard !trimmed.isEmpty else { throw SecretFault(place: reference.place, problem: "is empty") }
        return Secret(trimmed)
    }

    private static func file(_ path: String, place: String, isShared: Bool) throws(SecretFault) -> [UInt8] {
        func failed(_ call: String) -> SecretFault { SecretFault(place: place, problem: "\(call): \(systemMessage(errno))") }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failed("cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failed("cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SecretFault(place: place, problem: "is not a regular file") }
        guard isShared || status.st_mode & 0o077 == 0 else {
            let mode = String(status.st_mode & 0o777, radix: 8)
            throw SecretFault(place: place, problem: "can be read by group or others (mode 0\(mode)); chmod 600 it, or accept it with shared: true")
        }
        guard status.st_size <= maximumBytes else { throw SecretFault(place: place, problem: "is larger than 64 KiB") }
        var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
        var count = 0
        while count < bytes.count {
            let room = bytes.count - count
            let got = unsafe bytes.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), room) }
            guard got >= 0 else { throw failed("cannot be read") }
            if got == 0 { break }
            count += got
        }
        return Array(bytes[..<min(count, maximumBytes)])
    }
}
