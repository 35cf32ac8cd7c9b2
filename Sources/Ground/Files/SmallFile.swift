import Glibc

/// A file that is read as a whole: a secret, a key or a configuration file.
package struct SmallFile: ~Copyable {
    private let descriptor: Int32
    /// Mode bits, including the file type (stat(2)).
    package let mode: UInt32
    package let size: Int

    /// Opens the file for reading; does not wait for a writer if it is a pipe.
    ///
    /// - Throws: `SystemCallError`.
    package init(_ path: String) throws(SystemCallError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SystemCallError("open", path) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw SystemCallError("fstat", path, code: code)
        }
        self.descriptor = descriptor
        mode = status.st_mode
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    package var isRegular: Bool { mode & S_IFMT == S_IFREG }

    /// Reads to the end, but at most `limit + 1` bytes; a result longer than `limit` means that the file holds more.
    ///
    /// - Throws: `SystemCallError`.
    package func bytes(atMost limit: Int) throws(SystemCallError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(limit + 1, 64 * 1024))
        while bytes.count <= limit {
            let wanted = min(buffer.count, limit + 1 - bytes.count)
            let count = unsafe Glibc.read(descriptor, &buffer, wanted)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemCallError("read", "descriptor \(descriptor)") }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Returns the whole file if it holds at most `limit` bytes.
    ///
    /// - Throws: `SystemCallError`; EFBIG if the file is larger.
    package static func read(_ path: String, atMost limit: Int) throws(SystemCallError) -> [UInt8] {
        let bytes = try SmallFile(path).bytes(atMost: limit)
        guard bytes.count <= limit else { throw SystemCallError("read", path, code: EFBIG) }
        return bytes
    }
}
