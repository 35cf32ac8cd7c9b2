package import Configuration
import Files
import Glibc
import Time

/// What the machine gives the daemon: descriptors, inotify, room on disk.
package enum MachineCheck {
    /// Megabytes that must be free where the store is, and those below which it is worth a warning.
    private static let (leastRoom, littleRoom): (UInt64, UInt64) = (16, 256)

    /// - Parameter process: the running daemon's, whose limits count; nil: this one's.
    package static func descriptors(_ bounds: ConnectionBounds, of process: Int32?) -> Finding {
        let place = process.map { "/proc/\($0)" } ?? "/proc/self"
        let line = (try? SmallFile("\(place)/limits").bytes(atMost: 16384)).map { String(decoding: $0, as: UTF8.self) }?
            .split(separator: "\n").first { $0.hasPrefix("Max open files") }
        guard let limit = line?.split(separator: " ").dropFirst(4).first.flatMap({ Int($0) }) else {
            return Finding(.ok, "descriptors", "the limit of the running daemon cannot be read by this user")
        }
        var status = "limit \(limit)"
        if let open = openDescriptors(place) { status += ", \(open) open" }
        guard limit < bounds.connections + 64 else { return Finding(.ok, "descriptors", "\(status), enough for \(bounds.connections) connections") }
        return Finding(
            .warning, "descriptors", "\(status): too few for \(bounds.connections) connections; fewer are accepted",
            mend: "raise LimitNOFILE= of the unit to \(bounds.connections + 64) or more, or lower limits.connections")
    }

    private static func openDescriptors(_ place: String) -> Int? {
        guard let folder = unsafe opendir("\(place)/fd") else { return nil }
        defer { unsafe closedir(folder) }
        var count = -2
        while unsafe readdir(folder) != nil { count += 1 }
        return max(0, count)
    }

    /// Whether secret files can be watched (inotify(7)).
    ///
    /// - Parameter folders: the number of folders that the daemon watches.
    package static func inotify(folders: Int) -> Finding {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC))
        guard descriptor >= 0 else {
            return Finding(
                .warning, "inotify", "\(SystemCallError.text(of: errno)): changed secret files are not noticed",
                mend: "raise fs.inotify.max_user_instances with sysctl(8), or reload after each change of a secret")
        }
        close(descriptor)
        let limit = number("/proc/sys/fs/inotify/max_user_watches")
        if let limit, limit < folders {
            return Finding(
                .warning, "inotify", "\(folders) folders are watched, and the limit is \(limit)",
                mend: "raise fs.inotify.max_user_watches with sysctl(8)")
        }
        return Finding(.ok, "inotify", "secret files can be watched\(limit.map { ", up to \($0) folders" } ?? "")")
    }

    private static func number(_ path: String) -> Int? {
        (try? SmallFile(path).bytes(atMost: 64)).flatMap { Int(String(decoding: $0, as: UTF8.self).filter(\.isNumber)) }
    }

    /// Whether this host's clock is synchronised (timedatectl(1)).
    package static func clock(_ run: ([String]) async -> String? = UnitCheck.run) async -> Finding {
        guard let shown = await run(["timedatectl", "show", "--property=NTPSynchronized"]) else {
            return Finding(.ok, "clock", "whether it is synchronised is not known here: timedatectl does not run")
        }
        guard !shown.contains("=yes") else { return Finding(.ok, "clock", "synchronised") }
        return Finding(
            .warning, "clock", "not synchronised: partners that state timestamps are read with this host's time",
            mend: "timedatectl set-ntp true, or another time service")
    }

    /// The room on the disk of a file (statvfs(3)).
    package static func room(at path: String) -> Finding? {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        var status = statvfs()
        guard unsafe statvfs(folder.isEmpty ? "/" : folder, &status) == 0 else { return nil }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize) / 1_048_576
        if status.f_flag & UInt(ST_RDONLY) != 0 {
            return Finding(.fault, "disk", "\(folder): is mounted read-only", mend: "mount it for writing; until then tokens are kept only in memory")
        }
        if status.f_files > 0, status.f_favail == 0 {
            return Finding(.fault, "disk", "\(folder): no inodes are left", mend: "delete files there, or move the store")
        }
        if free < leastRoom {
            return Finding(
                .fault, "disk", "\(folder): only \(free) MB are free",
                mend: "make room, or move the store: a full disk keeps tokens from being stored")
        }
        if free < littleRoom {
            return Finding(.warning, "disk", "\(folder): only \(free) MB are free", mend: "make room before the store cannot be written")
        }
        return Finding(.ok, "disk", "\(folder): \(free >= 10_240 ? "\(free / 1024) GB" : "\(free) MB") free")
    }
}
