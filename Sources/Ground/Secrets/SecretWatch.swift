import CLinux
import Dispatch
import Glibc
import Synchronization

/// Reports changes to secret files (inotify(7)): a file written and closed, moved into place, or given another mode.
///
/// It watches their folders, so that it also sees a file replaced by another, even through Kubernetes' `..data` link.
package final class SecretWatch: Sendable {
    private struct State {
        /// Names of secret files, by folder.
        var wanted: [String: Set<String>] = [:]
        /// Folders by watch descriptor: two paths may lead to one watch.
        var folders: [Int32: Set<String>] = [:]
        var changed: Set<String> = []
        var isGathering = false
    }

    /// Sets of changed paths; each set is reported a moment after its first change.
    package let changes: AsyncStream<Set<String>>
    private let continuation: AsyncStream<Set<String>>.Continuation
    private let descriptor: Int32
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "tokenbroker.secret-watch")
    /// `nonisolated(unsafe)`: set once in `init`; Dispatch sources may be used from any thread.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// Changes within this time of the first one are reported together.
    private static let pause = DispatchTimeInterval.milliseconds(100)
    /// Interval between checks for a folder that has gone away.
    private static let absence = DispatchTimeInterval.seconds(1)
    private static let mask = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR)

    /// Nil if the system grants no inotify instance (fs.inotify.max_user_instances).
    package init?() {
        descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else { return nil }
        (changes, continuation) = AsyncStream.makeStream()
        unsafe source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        unsafe source.setEventHandler { [weak self] in self?.read() }
        unsafe source.setCancelHandler { [descriptor] in close(descriptor) }
        unsafe source.resume()
    }

    deinit {
        unsafe source.cancel()
    }

    /// Watches these files instead of the previous ones; a folder that does not exist is ignored.
    package func watch(_ paths: Set<String>) {
        var wanted: [String: Set<String>] = [:]
        for path in paths {
            guard let slash = path.lastIndex(of: "/") else { continue }
            wanted[slash == path.startIndex ? "/" : String(path[..<slash]), default: []].insert(String(path[path.index(after: slash)...]))
        }
        state.withLock { state in
            for (number, folders) in state.folders where folders.allSatisfy({ wanted[$0] == nil }) {
                _ = inotify_rm_watch(descriptor, number)
                state.folders[number] = nil
            }
            // Add folders already watched again: one recreated under the same name is a different folder.
            add(wanted.keys.sorted(), to: &state)
            state.wanted = wanted
        }
    }

    private func add(_ folders: [String], to state: inout State) {
        for folder in folders {
            let number = unsafe inotify_add_watch(descriptor, folder, Self.mask)
            if number >= 0 { state.folders[number, default: []].insert(folder) }
        }
    }

    /// Looks for watched folders that have gone away until they exist again.
    private func watchAgain(_ folders: Set<String>) {
        queue.asyncAfter(deadline: .now() + Self.absence) { [weak self] in
            guard let self else { return }
            let missing = state.withLock { state in
                let wanted = folders.filter { state.wanted[$0] != nil }
                add(wanted.sorted(), to: &state)
                let found = Set(state.folders.values.flatMap { $0 })
                for folder in wanted where found.contains(folder) {
                    for name in state.wanted[folder] ?? [] { state.changed.insert(folder == "/" ? "/\(name)" : "\(folder)/\(name)") }
                }
                return wanted.subtracting(found)
            }
            report()
            if !missing.isEmpty { watchAgain(missing) }
        }
    }

    private func read() {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return }
            take(buffer[..<count])
        }
    }

    /// Parses `struct inotify_event`: watch, mask, cookie and the name's length, 4 bytes each, then the name.
    private func take(_ bytes: ArraySlice<UInt8>) {
        func number(_ place: Int) -> UInt32 { (0..<4).reversed().reduce(0) { $0 << 8 | UInt32(bytes[place + $1]) } }
        var place = bytes.startIndex
        while place + 16 <= bytes.endIndex {
            let length = Int(number(place + 12))
            let end = min(place + 16 + length, bytes.endIndex)
            let name = String(decoding: bytes[(place + 16)..<end].prefix { $0 != 0 }, as: UTF8.self)
            let (watch, kinds) = (Int32(bitPattern: number(place)), number(place + 4))
            if kinds & UInt32(IN_IGNORED) != 0 {
                if let gone = state.withLock({ $0.folders.removeValue(forKey: watch) }) { watchAgain(gone) }
            } else {
                note(watch: watch, isOverflow: kinds & UInt32(IN_Q_OVERFLOW) != 0, name: name)
            }
            place = end
        }
    }

    private func note(watch: Int32, isOverflow: Bool, name: String) {
        let mustGather = state.withLock { state in
            for (folder, names) in state.wanted where isOverflow || state.folders[watch]?.contains(folder) ?? false {
                for wanted in names where isOverflow || wanted == name || name.hasPrefix("..") {
                    state.changed.insert(folder == "/" ? "/\(wanted)" : "\(folder)/\(wanted)")
                }
            }
            guard !state.changed.isEmpty, !state.isGathering else { return false }
            state.isGathering = true
            return true
        }
        if mustGather { queue.asyncAfter(deadline: .now() + Self.pause) { [weak self] in self?.report() } }
    }

    private func report() {
        let changed = state.withLock { state in
            defer { (state.changed, state.isGathering) = ([], false) }
            return state.changed
        }
        if !changed.isEmpty { continuation.yield(changed) }
    }
}
