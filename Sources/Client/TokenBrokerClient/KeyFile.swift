import Glibc

/// The file with a client's key.
enum KeyFile {
    /// The key without its final newline.
    static func read(_ path: String) throws(TokenBrokerError) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .configuration("TOKENBROKER_KEY_FILE: \(path): \(unsafe String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
        var key = buffer[..<max(0, count)]
        while let last = key.last, last == 0x0A || last == 0x0D { key = key.dropLast() }
        guard !key.isEmpty, key.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .configuration("TOKENBROKER_KEY_FILE: \(path) holds no key: one line of visible ASCII")
        }
        return String(decoding: key, as: UTF8.self)
    }
}

/// The environment of the process.
enum SystemEnvironment {
    /// Nil for a variable that is not set, or empty.
    static subscript(name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}
