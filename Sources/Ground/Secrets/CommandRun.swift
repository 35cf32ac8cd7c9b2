import CLinux
import Dispatch
import Files
import Glibc
import Time

/// One run of a command: a child, the pipe of its output and its bounds, as events on one queue. No thread waits for it.
///
/// `@unchecked Sendable`: everything mutable is used only on the queue.
final class CommandRun: @unchecked Sendable {
    struct Problem: Error {
        let text: String
    }

    typealias Outcome = Result<[UInt8], Problem>

    private let child: pid_t
    private let bounds: SecretCommand.Bounds
    private let queue = DispatchQueue(label: "tokenbroker.secret-command")
    private let output: any DispatchSourceRead
    /// Readable when the child has exited (pidfd_open(2)).
    private let exit: any DispatchSourceRead
    private let descriptor: Int32
    private var continuation: CheckedContinuation<Outcome, Never>?
    /// Set once there is an outcome, which a cancellation may be before `begin`.
    private var outcome: Outcome?
    private var bytes: [UInt8] = []
    private var isOutputClosed = false
    private var hasExited = false

    /// Starts the command.
    ///
    /// - Throws: `SecretFault` if it cannot be run.
    init(_ words: [String], environment: [String: String], bounds: SecretCommand.Bounds, place: String) throws(SecretFault) {
        var ends: [Int32] = [0, 0]
        guard unsafe linux_pipe(&ends) == 0 else { throw SecretFault(place: place, problem: SystemCallError.text(of: errno)) }
        defer { close(ends[1]) }
        do throws(SecretFault) {
            child = try SecretCommand.spawn(words, environment: environment, output: ends[1], place: place)
        } catch {
            close(ends[0])
            throw error
        }
        _ = linux_own(ends[0])
        let watched = linux_open_process(child)
        guard watched >= 0 else {
            let code = errno
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
            close(ends[0])
            throw SecretFault(place: place, problem: "cannot be watched: \(SystemCallError.text(of: code))")
        }
        self.bounds = bounds
        descriptor = ends[0]
        output = DispatchSource.makeReadSource(fileDescriptor: ends[0], queue: queue)
        exit = DispatchSource.makeReadSource(fileDescriptor: watched, queue: queue)
        output.setCancelHandler { [descriptor] in close(descriptor) }
        exit.setCancelHandler { close(watched) }
    }

    func begin(_ continuation: CheckedContinuation<Outcome, Never>) {
        queue.async { [self] in
            self.continuation = continuation
            output.setEventHandler { self.read() }
            exit.setEventHandler { self.noteExit() }
            output.resume()
            exit.resume()
            if let outcome { return continuation.resume(returning: outcome) }
            queue.asyncAfter(deadline: .now() + bounds.time.inSeconds) { self.timeIsUp() }
        }
    }

    func cancel() {
        queue.async { self.finish(.failure(Problem(text: "was cancelled"))) }
    }

    // MARK: Events

    private func read() {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while outcome == nil {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            guard count > 0 else {
                isOutputClosed = true
                output.cancel()
                return finishIfOver()
            }
            bytes += buffer[..<count]
            if bytes.count > bounds.size { finish(.failure(Problem(text: "printed more than \(bounds.size / 1024) KiB"))) }
        }
    }

    private func noteExit() {
        var information = unsafe siginfo_t()
        // The child is reaped at the end: until then its number, which its group has too, is nobody else's.
        guard unsafe waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT | WNOHANG) == 0 else { return }
        hasExited = true
        exit.cancel()
        if outcome != nil { return reap() }
        let status = unsafe linux_child_status(&information)
        if unsafe information.si_code != CLD_EXITED { return finish(.failure(Problem(text: "was ended by signal \(status)"))) }
        if status != 0 { return finish(.failure(Problem(text: "failed with status \(status)"))) }
        finishIfOver()
        queue.asyncAfter(deadline: .now() + bounds.linger.inSeconds) { self.finish(.success(self.bytes)) }
    }

    private func finishIfOver() {
        if hasExited, isOutputClosed { finish(.success(bytes)) }
    }

    private func timeIsUp() {
        let time = DurationSyntax.words(bounds.time)
        finish(.failure(Problem(text: isOutputClosed ? "closed its output and did not exit within \(time)" : "took longer than \(time)")))
    }

    /// Ends the run, and its process group with it.
    private func finish(_ outcome: Outcome) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        kill(-child, SIGKILL)
        if hasExited { reap() } else { kill(child, SIGKILL) }
        if !isOutputClosed { output.cancel() }
        bytes = []
        continuation?.resume(returning: outcome)
    }

    private func reap() {
        waitpid(child, nil, WNOHANG)
    }
}
