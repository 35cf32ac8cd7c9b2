import Glibc

/// A file that readers see whole, before or after a change and never in between (rename(2)).
package enum AtomicFile {
    /// Replaces the file's content, unless it holds the same bytes with the same mode and group already.
    ///
    /// - Parameters:
    ///   - mode: permission bits; the file has no others, whatever the umask.
    ///   - group: nil: the process's own.
    /// - Returns: whether the file was written.
    /// - Throws: `SystemCallError`; the file is as it was then.
    @discardableResult
    package static func write(_ bytes: [UInt8], to path: String, mode: UInt32, group: UInt32? = nil) throws(SystemCallError) -> Bool {
        if isSame(path, bytes, mode, group) { return false }
        // The name is only this process's, and what an earlier attempt left under it is replaced.
        let temporary = "\(path).\(getpid()).new"
        unsafe unlink(temporary)
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallError("open", temporary) }
        do throws(SystemCallError) {
            defer { close(descriptor) }
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw SystemCallError("write", temporary) }
                rest = rest.dropFirst(count)
            }
            if let group, fchown(descriptor, .max, group) != 0 { throw SystemCallError("fchown", path) }
            guard fchmod(descriptor, mode) == 0 else { throw SystemCallError("fchmod", path) }
            guard fsync(descriptor) == 0 else { throw SystemCallError("fsync", temporary) }
            guard unsafe rename(temporary, path) == 0 else { throw SystemCallError("rename", path) }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        return true
    }

    /// Removes the file, if there is one.
    ///
    /// - Throws: `SystemCallError`.
    package static func remove(_ path: String) throws(SystemCallError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw SystemCallError("unlink", path) }
    }

    private static func isSame(_ path: String, _ bytes: [UInt8], _ mode: UInt32, _ group: UInt32?) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0, status.st_mode == S_IFREG | mode, status.st_size == bytes.count,
            group.map({ $0 == status.st_gid }) ?? true
        else { return false }
        return (try? SmallFile.read(path, atMost: bytes.count)) == bytes
    }
}
