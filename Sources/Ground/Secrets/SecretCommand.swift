import CLinux
import Dispatch
import Files
import Glibc
import Synchronization
import Time

/// Signals a running command that its caller was cancelled.
private final class CancelFlag: Sendable {
    let flag = Atomic<Bool>(false)
}

/// Runs a command and returns its output: no shell, an empty standard input, and bounds on time and size.
enum SecretCommand {
    private static let queue = DispatchQueue(label: "tokenbroker.secret-command")

    static func run(_ words: [String], limit: Int, time: Duration) async throws(SecretFault) -> [UInt8] {
        let isCancelled = CancelFlag()
        let result: Result<[UInt8], SecretFault> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async {
                    do throws(SecretFault) {
                        continuation.resume(returning: .success(try runNow(words, limit: limit, time: time, isCancelled)))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
        } onCancel: {
            isCancelled.flag.store(true, ordering: .relaxed)
        }
        return try result.get()
    }

    private static func runNow(_ words: [String], limit: Int, time: Duration, _ isCancelled: CancelFlag) throws(SecretFault) -> [UInt8] {
        let place = SecretReference.command(words).place
        var pipes: [Int32] = [0, 0]
        guard unsafe linux_pipe(&pipes) == 0 else { throw SecretFault(place: place, problem: SystemCallError.text(of: errno)) }
        defer { close(pipes[0]) }
        let child: pid_t
        do throws(SecretFault) {
            child = try spawn(words, output: pipes[1], place: place)
        } catch {
            close(pipes[1])
            throw error
        }
        close(pipes[1])
        let output = collect(from: pipes[0], limit: limit, until: ContinuousClock.now + time, isCancelled)
        if output == nil { kill(child, SIGKILL) }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard let output else {
            throw SecretFault(place: place, problem: "took longer than \(DurationSyntax.words(time)) or printed more than \(limit / 1024) KiB")
        }
        guard status == 0 else { throw SecretFault(place: place, problem: "failed with status \(status >> 8 & 0xFF)") }
        return output
    }

    private static func spawn(_ words: [String], output: Int32, place: String) throws(SecretFault) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map { unsafe strdup($0) } + [nil]
        defer {
            for index in unsafe arguments.indices { unsafe free(arguments[index]) }
        }
        // Start it as a shell would: Dispatch's threads block signals, and the daemon ignores SIGPIPE.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var child: pid_t = 0
        let outcome = unsafe posix_spawnp(&child, words[0], &actions, &attributes, &arguments, environ)
        guard outcome == 0 else { throw SecretFault(place: place, problem: "cannot be run: \(SystemCallError.text(of: outcome))") }
        return child
    }

    /// Reads to the end of the stream; nil when there is too much output, the time is up or the caller was cancelled.
    private static func collect(from descriptor: Int32, limit: Int, until end: ContinuousClock.Instant, _ isCancelled: CancelFlag) -> [UInt8]? {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let left = (end - ContinuousClock.now).nanoseconds / 1_000_000
            guard left > 0, output.count <= limit, !isCancelled.flag.load(ordering: .relaxed) else { return nil }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&waiting, 1, Int32(clamping: min(left, 100)))
            if ready < 0, errno == EINTR { continue }
            if ready == 0 { continue }
            guard ready > 0 else { return nil }
            let count = unsafe read(descriptor, &buffer, buffer.count)
            if count <= 0 { return output }
            output += buffer[..<count]
        }
    }
}
