import CLinux
import Dispatch
import Files
import Glibc
import Synchronization

/// Reports changes to secret files (inotify(7)): a file written and closed, moved into place or given another mode, and any link or folder
/// on its way that leads elsewhere now, such as Kubernetes' `..data`.
///
/// Files in folders that cannot be watched are looked at every 30 s.
package final class SecretWatch: Sendable {
    private struct State {
        var wanted: Set<String> = []
        var folders: FolderWatch
        var changed: Set<String> = []
        var isGathering = false
        /// What was seen of the files that are looked at.
        var seen: [String: Sight] = [:]
        /// Whether the next look is planned.
        var isLooking = false
    }

    /// What tells one state of a file from another (stat(2)).
    private struct Sight: Equatable {
        var device: UInt64 = 0
        var file: UInt64 = 0
        var mode: UInt32 = 0
        var size: Int64 = 0
        var modified: [Int] = []
        var changed: [Int] = []

        /// A file that cannot be looked at is one more state.
        init(of path: String) {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return }
            (device, file, mode, size) = (UInt64(status.st_dev), UInt64(status.st_ino), UInt32(status.st_mode), Int64(status.st_size))
            (modified, changed) = ([status.st_mtim.tv_sec, status.st_mtim.tv_nsec], [status.st_ctim.tv_sec, status.st_ctim.tv_nsec])
        }
    }

    /// Sets of changed paths; each set is reported a moment after its first change.
    package let changes: AsyncStream<Set<String>>
    private let continuation: AsyncStream<Set<String>>.Continuation
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "tokenbroker.secret-watch")
    /// `nonisolated(unsafe)`: set once in `init`; Dispatch sources may be used from any thread.
    private nonisolated(unsafe) let source: (any DispatchSourceRead)?
    private let interval: Double

    /// Changes within this time of the first one are reported together.
    private static let pause = DispatchTimeInterval.milliseconds(100)

    /// - Parameters:
    ///   - interval: between two looks at files that cannot be watched, in seconds.
    ///   - usesInotify: false: all files are looked at.
    package init(interval: Double = 30, usesInotify: Bool = true) {
        self.interval = interval
        (changes, continuation) = AsyncStream.makeStream()
        let state = State(folders: FolderWatch(usesInotify: usesInotify))
        if let descriptor = state.folders.descriptor {
            unsafe source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
            unsafe source?.setCancelHandler { close(descriptor) }
        } else {
            unsafe source = nil
        }
        self.state = Mutex(state)
        unsafe source?.setEventHandler { [weak self] in self?.read() }
        unsafe source?.resume()
    }

    deinit {
        unsafe source?.cancel()
    }

    /// Watches these files, by absolute paths, instead of the previous ones.
    ///
    /// - Returns: a warning for each folder that cannot be watched.
    package func watch(_ paths: Set<String>) -> [String] {
        state.withLock { state in
            state.wanted = paths
            update(&state)
            guard state.folders.descriptor != nil else {
                return paths.isEmpty
                    ? [] : ["secret files are looked at every \(Int(interval)) s: no inotify instance (fs.inotify.max_user_instances)"]
            }
            return state.folders.problems.sorted { $0.key < $1.key }.map { folder, code in
                "secret files behind \(folder) are looked at every \(Int(interval)) s: it cannot be watched (\(SystemCallError.text(of: code)))"
            }
        }
    }

    /// Resolves the paths again, and plans looks at those that cannot be watched.
    private func update(_ state: inout State) {
        state.folders.watch(state.wanted)
        state.seen = state.folders.unwatched.reduce(into: [:]) { seen, path in seen[path] = state.seen[path] ?? Sight(of: path) }
        guard !state.seen.isEmpty, !state.isLooking else { return }
        state.isLooking = true
        queue.asyncAfter(deadline: .now() + interval) { [weak self] in self?.look() }
    }

    private func look() {
        state.withLock { state in
            state.isLooking = false
            for (path, before) in state.seen {
                let now = Sight(of: path)
                guard now != before else { continue }
                state.seen[path] = now
                state.changed.insert(path)
            }
            update(&state)
        }
        report()
    }

    private func read() {
        let mustGather = state.withLock { state in
            state.changed.formUnion(state.folders.changed())
            guard !state.changed.isEmpty, !state.isGathering else { return false }
            state.isGathering = true
            return true
        }
        if mustGather { queue.asyncAfter(deadline: .now() + Self.pause) { [weak self] in self?.report() } }
    }

    private func report() {
        let changed = state.withLock { state in
            // Before the files are read: whatever changes from now on is another change.
            if !state.changed.isEmpty { update(&state) }
            defer { (state.changed, state.isGathering) = ([], false) }
            return state.changed
        }
        if !changed.isEmpty { continuation.yield(changed) }
    }
}
