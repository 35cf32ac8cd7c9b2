import Files
import Glibc
import Secrets

/// A file with a store's key, which can be changed so that one of the two keys opens the store at every moment.
///
/// The next key is written next to it (`.new`) before any record is sealed with it, and replaces it once all records are.
struct StoreKeyFile {
    let path: String
    private var next: String { "\(path).new" }

    var exists: Bool { Self.exists(path) }

    private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 || errno != ENOENT }

    /// Generates a key and writes it with mode 0600; it is on disk when this returns.
    func make() throws(StoreFault) -> StoreKey { try Self.write(StoreKey(), to: path, like: nil) }

    /// Generates the next key, in a file with the owner of the current one.
    func makeNext() throws(StoreFault) -> StoreKey {
        unsafe unlink(next)
        return try Self.write(StoreKey(), to: next, like: path)
    }

    /// The next key, left behind by a change that was interrupted.
    func readNext() -> StoreKey? {
        guard let bytes = try? SmallFile.read(next, atMost: 128), !bytes.isEmpty else { return nil }
        return StoreKey(Secret(Array(bytes.prefix { $0 != 0x0A })))
    }

    /// Makes the next key the current one. Every record must be sealed with it.
    func commit() throws(StoreFault) {
        guard unsafe rename(next, path) == 0 else {
            throw StoreFault("\(next): cannot replace \(path): \(SystemCallError.text(of: errno))")
        }
        Self.syncFolder(of: path)
    }

    /// Deletes the next key. No record may be sealed with it.
    func dropNext() { unsafe unlink(next) }

    private static func write(_ key: StoreKey, to path: String, like model: String?) throws(StoreFault) -> StoreKey {
        let text = key.hex.exposedBytes + [0x0A]
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreFault("\(path): cannot be created: \(SystemCallError.text(of: errno))") }
        defer { close(descriptor) }
        // Whatever the umask says.
        guard fchmod(descriptor, 0o600) == 0 else { throw StoreFault("\(path): its mode cannot be set: \(SystemCallError.text(of: errno))") }
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

    /// Syncs the folder: a file's name is on disk only when its folder is (fsync(2)).
    private static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
