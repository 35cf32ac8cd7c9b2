import CLinux
import Files
import Glibc

/// Runs a command and returns its output: no shell, an empty standard input unless one is given, a standard error that only a
/// terminal shows, a clean environment, and bounds on time and size.
///
/// The end of its output, not its exit, ends the reading, and it must exit with status 0. Once it has, a program that it left running may
/// hold the output open for another second. Its process group is killed at the end, however it ends.
enum SecretCommand {
    struct Bounds: Sendable {
        /// Bytes of output.
        var size: Int
        var time: Duration
        /// How long the output may stay open after a successful exit.
        var linger = Duration.seconds(1)
    }

    /// - Parameter environment: the child's, whole.
    /// - Throws: `SecretFault`, which names the command and how it failed.
    static func run(_ words: [String], environment: [String: String], input: [UInt8] = [], bounds: Bounds) async throws(SecretFault) -> [UInt8] {
        let place = SecretReference.command(words).place
        let run = try CommandRun(words, environment: environment, input: input, bounds: bounds, place: place)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { run.begin($0) }
        } onCancel: {
            run.cancel()
        }
        do throws(CommandRun.Problem) {
            return try result.get()
        } catch {
            throw SecretFault(place: place, problem: error.text)
        }
    }

    /// Starts a child in a process group of its own, with standard descriptors only.
    ///
    /// - Parameter input: its standard input; nil: an empty one.
    static func spawn(_ words: [String], environment: [String: String], input: Int32?, output: Int32, place: String) throws(SecretFault) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        if let input {
            unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        } else {
            unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        // A program that traces itself prints the secret there. Who runs it at a terminal sees it.
        if isatty(2) == 0 { unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) }
        unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var arguments = unsafe strings(words)
        defer { unsafe free(arguments) }
        var variables = unsafe strings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        defer { unsafe free(variables) }
        // Start it as a shell would: Dispatch's threads block signals, and the daemon ignores SIGPIPE.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var child: pid_t = 0
        let outcome = unsafe posix_spawnp(&child, words[0], &actions, &attributes, &arguments, &variables)
        guard outcome == 0 else { throw SecretFault(place: place, problem: "cannot be run: \(SystemCallError.text(of: outcome))") }
        return child
    }

    /// Copies for execve(2), with the NULL that ends them.
    private static func strings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe texts.map { unsafe strdup($0) } + [nil]
    }

    private static func free(_ strings: [UnsafeMutablePointer<CChar>?]) {
        for index in unsafe strings.indices { unsafe Glibc.free(strings[index]) }
    }
}
