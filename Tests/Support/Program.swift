import CTLS
import Glibc

/// A program that runs beside the test.
///
/// posix_spawn(3) by hand: Foundation's `Process` reads /proc/self/fd into a buffer of a fixed size, and crashes where other
/// threads open sockets meanwhile (seen in 6.3.1).
package final class Program: @unchecked Sendable {
    package let identifier: Int32
    /// Guarded by being written once, under `wait`.
    private var status: Int32?

    /// Starts a program with nothing on its standard input; both outputs go to files, which are created for it.
    package init(_ path: String, _ arguments: [String], environment: [String: String] = [:], output: String, errors: String? = nil) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        if let errors {
            unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        } else {
            unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        unsafe test_close_from(&actions, 3)
        var words = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        var settings = unsafe Self.inherited(but: environment).map { unsafe strdup($0) } + [nil]
        defer {
            for index in unsafe words.indices { unsafe free(words[index]) }
            for index in unsafe settings.indices { unsafe free(settings[index]) }
        }
        // Threads of Dispatch block signals, and a program inherits that.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var made: pid_t = 0
        let outcome = unsafe posix_spawnp(&made, path, &actions, &attributes, &words, &settings)
        guard outcome == 0 else { throw TestFailure("\(path): \(unsafe String(cString: strerror(outcome)))") }
        identifier = made
    }

    deinit {
        guard status == nil else { return }
        // What is measured for coverage is written at a normal end.
        if unsafe getenv("LLVM_PROFILE_FILE") != nil {
            kill(identifier, SIGTERM)
            for _ in 0..<500 {
                var raw: Int32 = 0
                if unsafe waitpid(identifier, &raw, WNOHANG) == identifier { return }
                usleep(10_000)
            }
        }
        kill(identifier, SIGKILL)
        _ = wait()
    }

    private static func inherited(but own: [String: String]) -> [String] {
        var all: [String] = own.map { "\($0.key)=\($0.value)" }
        var index = 0
        while let entry = unsafe environ[index] {
            let text = unsafe String(cString: entry)
            if own[String(text.prefix { $0 != "=" })] == nil { all.append(text) }
            index += 1
        }
        return all
    }

    package func signal(_ number: Int32) { kill(identifier, number) }

    /// Waits for its end; the exit code, or 128 and the number of the signal that ended it.
    package func wait() -> Int32 {
        if let status { return status }
        var raw: Int32 = 0
        while unsafe waitpid(identifier, &raw, 0) < 0, errno == EINTR {}
        let code = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
        status = code
        return code
    }
}
