import Files
import Glibc
import Secrets

/// A store's key in a file, and how it is changed without a moment in which neither key opens the store: the next key lies
/// beside it (`.new`) before a record is sealed with it, and takes its place after all are.
struct StoreKeyFile {
    let path: String
    private var next: String { "\(path).new" }

    var exists: Bool { Self.exists(path) }

    private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 || errno != ENOENT }

    /// Draws a key and writes it, mode 0600, on disk when this returns.
    func make() throws(StoreFault) -> StoreKey { try Self.write(StoreKey(), to: path, like: nil) }

    /// The next key, for the owner of the present one.
    func makeNext() throws(StoreFault) -> StoreKey {
        unsafe unlink(next)
        return try Self.write(StoreKey(), to: next, like: path)
    }

    /// The next key as it was left by a change that did not come to its end.
    func readNext() -> StoreKey? {
        guard let bytes = try? SmallFile.read(next, atMost: 128), !bytes.isEmpty else { return nil }
        return StoreKey(Secret(Array(bytes.prefix { $0 != 0x0A })))
    }

    /// Every record is sealed with the next key: it is the key now.
    func commit() throws(StoreFault) {
        guard unsafe rename(next, path) == 0 else {
            throw StoreFault("\(next): cannot take the place of \(path): \(SystemCallError.text(of: errno))")
        }
        Self.syncFolder(of: path)
    }

    /// No record is sealed with the next key.
    func dropNext() { unsafe unlink(next) }

    private static func write(_ key: StoreKey, to path: String, like model: String?) throws(StoreFault) -> StoreKey {
        let text = key.hex.exposedBytes + [0x0A]
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreFault("\(path): cannot be made: \(SystemCallError.text(of: errno))") }
        defer { close(descriptor) }
        var owner = stat()
        if let model, unsafe stat(model, &owner) == 0 { _ = fchown(descriptor, owner.st_uid, owner.st_gid) }
        guard unsafe Glibc.write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0 else {
            let reason = SystemCallError.text(of: errno)
            unsafe unlink(path)
            throw StoreFault("\(path): cannot be written: \(reason)")
        }
        syncFolder(of: path)
        return key
    }

    /// A name is on disk when its folder is (fsync(2)).
    private static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
