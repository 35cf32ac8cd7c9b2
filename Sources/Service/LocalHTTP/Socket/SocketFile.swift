import CLinux
import Files
import Glibc

/// The file of a unix socket that this process owns: held by a lock beside it, and told from another's by its inode.
///
/// A living process's socket is never taken: its file is removed only where nobody answers at it, under the lock.
final class SocketFile: Sendable {
    private let path: String
    private let lock: Int32
    private let lockPath: String

    /// Claims a path, and removes the file that a process which is gone left there.
    ///
    /// - Throws: `SystemCallError`; EADDRINUSE with the process that listens there.
    init(claiming path: String) throws(SystemCallError) {
        self.path = path
        lockPath = path + ".lock"
        lock = try Self.locked(lockPath, of: path)
        do throws(SystemCallError) {
            try Self.removeStale(path)
        } catch {
            unsafe unlink(lockPath)
            close(lock)
            throw error
        }
    }

    /// Removes the file, if it is still the one with this identity, and gives the path up.
    func remove(_ identity: FileIdentity?) {
        if let identity, FileIdentity(of: path) == identity { unsafe unlink(path) }
        unsafe unlink(lockPath)
        close(lock)
    }

    private static func locked(_ lockPath: String, of path: String) throws(SystemCallError) -> Int32 {
        while true {
            let descriptor = unsafe open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw SystemCallError("bind", "unix:\(path)") }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let code = errno
                close(descriptor)
                let holder = code == EWOULDBLOCK ? Self.holder(of: path).map { " (\($0))" } ?? " (another process holds \(lockPath))" : ""
                throw SystemCallError("bind", "unix:\(path)\(holder)", code: code == EWOULDBLOCK ? EADDRINUSE : code)
            }
            // The file may have been removed by the process that held it before.
            if FileIdentity(of: lockPath) == FileIdentity(of: descriptor) { return descriptor }
            close(descriptor)
        }
    }

    private static func removeStale(_ path: String) throws(SystemCallError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SystemCallError("bind", "unix:\(path) (the file there is not a socket)", code: EEXIST)
        }
        if let holder = holder(of: path) { throw SystemCallError("bind", "unix:\(path) (\(holder))", code: EADDRINUSE) }
        guard unsafe unlink(path) == 0 else { throw SystemCallError("unlink", path) }
    }

    /// Who listens at a path; nil where nobody does.
    private static func holder(of path: String) -> String? {
        if let holder = SocketHolder(listeningAt: .unix(path: path)) { return "\(holder) listens there" }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard probe >= 0 else { return nil }
        defer { close(probe) }
        guard unsafe SocketAddress.unix(path: path).withSockAddr({ unsafe connect(probe, $0, $1) }) != 0 else { return "it is in use" }
        // ECONNREFUSED: nobody holds it. Anything else, such as a full queue, is somebody's.
        return errno == ECONNREFUSED || errno == ENOENT ? nil : "it is in use"
    }
}

/// What tells a file from another at the same path (stat(2)).
public struct FileIdentity: Sendable, Hashable {
    private let device: UInt64
    private let file: UInt64

    /// Nil where there is no file.
    init?(of path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        (device, file) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }

    init?(of descriptor: Int32) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return nil }
        (device, file) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
}
