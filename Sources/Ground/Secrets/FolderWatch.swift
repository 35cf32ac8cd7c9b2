import CLinux
import Glibc

/// The folders that inotify(7) watches for a set of paths, and the paths that an event concerns. Used on one queue.
struct FolderWatch {
    /// Nil if the system grants no instance (fs.inotify.max_user_instances).
    let descriptor: Int32?
    /// Paths that are resolved through each entry of each folder.
    private var paths: [String: [String: Set<String>]] = [:]
    /// Folders by watch descriptor: two paths may lead to one watch.
    private var folders: [Int32: Set<String>] = [:]
    /// Paths with a folder that cannot be watched.
    private(set) var unwatched: Set<String> = []
    /// Why, by folder.
    private(set) var problems: [String: Int32] = [:]

    private static let mask = UInt32(
        IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

    init(usesInotify: Bool) {
        let opened = usesInotify ? inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)) : -1
        descriptor = opened >= 0 ? opened : nil
    }

    /// Watches every folder that these paths are resolved through, and no other.
    mutating func watch(_ wanted: Set<String>) {
        guard let descriptor else {
            unwatched = wanted
            return
        }
        paths = [:]
        (unwatched, problems) = ([], [:])
        for path in wanted {
            for step in PathSteps(of: path).steps { paths[step.folder, default: [:]][step.name, default: []].insert(path) }
        }
        for (number, names) in folders where names.allSatisfy({ paths[$0] == nil }) {
            _ = inotify_rm_watch(descriptor, number)
            folders[number] = nil
        }
        // Add folders already watched again: one recreated under the same name is a different folder.
        for folder in paths.keys.sorted() {
            let number = unsafe inotify_add_watch(descriptor, folder, Self.mask)
            if number >= 0 {
                folders[number, default: []].insert(folder)
            } else if errno != ENOENT, errno != ENOTDIR {
                problems[folder] = errno
                unwatched.formUnion(paths[folder, default: [:]].values.flatMap { $0 })
            }
        }
    }

    /// The paths that the events waiting at the descriptor concern.
    mutating func changed() -> Set<String> {
        guard let descriptor else { return [] }
        var changed: Set<String> = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return changed }
            changed.formUnion(concerned(by: buffer[..<count]))
        }
    }

    /// Parses `struct inotify_event`: watch, mask, cookie and the name's length, 4 bytes each, then the name.
    private mutating func concerned(by bytes: ArraySlice<UInt8>) -> Set<String> {
        func number(_ place: Int) -> UInt32 { (0..<4).reversed().reduce(0) { $0 << 8 | UInt32(bytes[place + $1]) } }
        var concerned: Set<String> = []
        var place = bytes.startIndex
        while place + 16 <= bytes.endIndex {
            let end = min(place + 16 + Int(number(place + 12)), bytes.endIndex)
            let name = String(decoding: bytes[(place + 16)..<end].prefix { $0 != 0 }, as: UTF8.self)
            concerned.formUnion(self.concerned(by: number(place + 4), of: Int32(bitPattern: number(place)), name: name))
            place = end
        }
        return concerned
    }

    private mutating func concerned(by kind: UInt32, of watch: Int32, name: String) -> Set<String> {
        if kind & UInt32(IN_Q_OVERFLOW) != 0 { return Set(paths.values.flatMap { $0.values.flatMap { $0 } }) }
        let names = folders[watch, default: []]
        if kind & UInt32(IN_IGNORED) != 0 { folders[watch] = nil }
        if kind & UInt32(IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT) != 0 {
            return Set(names.flatMap { paths[$0, default: [:]].values.flatMap { $0 } })
        }
        // A new file is reported when it has been written and closed; a new link is whole.
        if kind & UInt32(IN_CREATE) != 0, names.allSatisfy({ Self.isBeingWritten("\($0)/\(name)") }) { return [] }
        return Set(names.flatMap { paths[$0]?[name] ?? [] })
    }

    private static func isBeingWritten(_ path: String) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFREG && status.st_nlink == 1
    }
}
