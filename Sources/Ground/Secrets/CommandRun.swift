import CLinux
import Files
import Glibc
import Synchronization
import Time

/// One run of a command: a child, the pipe of its output and its bounds, followed on a thread of its own.
///
/// The thread waits in poll(2). With Dispatch's sources instead, commands that ended together crashed the process inside libdispatch, which
/// walked the sources of a closed pipe while another thread cancelled them.
final class CommandRun: Sendable {
    struct Problem: Error {
        let text: String
    }

    typealias Outcome = Result<[UInt8], Problem>

    private struct State {
        var continuation: CheckedContinuation<Outcome, Never>?
        /// Set once there is an outcome, which a cancellation may be before `begin`.
        var outcome: Outcome?
        /// Until the child is reaped its number, which its group has too, is nobody else's.
        var isReaped = false
    }

    private let child: pid_t
    private let bounds: SecretCommand.Bounds
    private let output: Int32
    /// Readable when the child has exited (pidfd_open(2)).
    private let process: Int32
    private let state = Mutex(State())

    private static let stackBytes = 128 * 1024

    /// Starts the command.
    ///
    /// - Throws: `SecretFault` if it cannot be run.
    init(_ words: [String], environment: [String: String], input: [UInt8], bounds: SecretCommand.Bounds, place: String) throws(SecretFault) {
        let given = try Self.filledPipe(input, place: place)
        defer { if let given { close(given) } }
        var ends: [Int32] = [0, 0]
        guard unsafe linux_pipe(&ends) == 0 else { throw SecretFault(place: place, problem: SystemCallError.text(of: errno)) }
        defer { close(ends[1]) }
        do throws(SecretFault) {
            child = try OwnChildren.start { () throws(SecretFault) in
                try SecretCommand.spawn(words, environment: environment, input: given, output: ends[1], place: place)
            }
        } catch {
            close(ends[0])
            throw error
        }
        _ = linux_own(ends[0])
        process = linux_open_process(child)
        guard process >= 0 else {
            let code = errno
            kill(child, SIGKILL)
            waitpid(child, nil, 0)
            OwnChildren.ended(child)
            close(ends[0])
            throw SecretFault(place: place, problem: "cannot be watched: \(SystemCallError.text(of: code))")
        }
        self.bounds = bounds
        output = ends[0]
    }

    /// A pipe that holds the whole input already; nil for an empty one.
    private static func filledPipe(_ input: [UInt8], place: String) throws(SecretFault) -> Int32? {
        if input.isEmpty { return nil }
        var ends: [Int32] = [0, 0]
        guard unsafe linux_pipe(&ends) == 0 else { throw SecretFault(place: place, problem: SystemCallError.text(of: errno)) }
        defer { close(ends[1]) }
        // A token of 64 KiB and its newline are more than a pipe holds by default.
        _ = fcntl(ends[1], 1031, 128 * 1024)  // F_SETPIPE_SZ
        _ = linux_own(ends[1])
        guard unsafe write(ends[1], input, input.count) == input.count else {
            close(ends[0])
            throw SecretFault(place: place, problem: "cannot be given its input")
        }
        return ends[0]
    }

    /// Follows the run; call it once.
    func begin(_ continuation: CheckedContinuation<Outcome, Never>) {
        let known = state.withLock { state in
            if state.outcome == nil { state.continuation = continuation }
            return state.outcome
        }
        if let known { continuation.resume(returning: known) }
        do throws(SystemCallError) {
            try OwnThread.start(stackBytes: Self.stackBytes) { [self] in
                finish(follow())
                end()
            }
        } catch {
            finish(.failure(Problem(text: "cannot be watched: \(error)")))
            end()
        }
    }

    func cancel() {
        state.withLock { state in
            if !state.isReaped { killGroup() }
        }
        finish(.failure(Problem(text: "was cancelled")))
    }

    // MARK: The thread

    private func follow() -> Outcome {
        var (bytes, isClosed, hasExited) = ([UInt8](), false, false)
        var deadline = linux_nanoseconds(CLOCK_MONOTONIC) + bounds.time.nanoseconds
        while true {
            var watched = [
                pollfd(fd: isClosed ? -1 : output, events: Int16(POLLIN), revents: 0),
                pollfd(fd: hasExited ? -1 : process, events: Int16(POLLIN), revents: 0),
            ]
            let left = max(0, deadline - linux_nanoseconds(CLOCK_MONOTONIC))
            let ready = unsafe poll(&watched, nfds_t(watched.count), Int32(clamping: (left + 999_999) / 1_000_000))
            // After a cancellation the child is dead or about to be.
            if let outcome = state.withLock({ $0.outcome }) { return outcome }
            if ready > 0, watched[0].revents != 0 {
                isClosed = readOutput(into: &bytes)
                if bytes.count > bounds.size { return .failure(Problem(text: "printed more than \(bounds.size / 1024) KiB")) }
            }
            if ready > 0, watched[1].revents != 0 {
                if let problem = exitProblem() { return .failure(problem) }
                hasExited = true
                deadline = linux_nanoseconds(CLOCK_MONOTONIC) + bounds.linger.nanoseconds
            }
            if hasExited, isClosed || ready == 0 { return .success(bytes) }
            if ready == 0 { return .failure(Problem(text: overdue(isClosed))) }
        }
    }

    /// Reads what there is, up to a little more than the bound; true at its end.
    private func readOutput(into bytes: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= bounds.size {
            let count = unsafe read(output, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return false }
            guard count > 0 else { return true }
            bytes += buffer[..<count]
        }
        return false
    }

    private func exitProblem() -> Problem? {
        var information = unsafe siginfo_t()
        guard unsafe waitid(P_PID, id_t(child), &information, WEXITED | WNOWAIT | WNOHANG) == 0 else {
            return Problem(text: "cannot be waited for: \(SystemCallError.text(of: errno))")
        }
        let status = unsafe linux_child_status(&information)
        if unsafe information.si_code != CLD_EXITED { return Problem(text: "was ended by signal \(status)") }
        return status == 0 ? nil : Problem(text: "failed with status \(status)")
    }

    private func overdue(_ isClosed: Bool) -> String {
        let time = DurationSyntax.words(bounds.time)
        return isClosed ? "closed its output and did not exit within \(time)" : "took longer than \(time)"
    }

    private func finish(_ outcome: Outcome) {
        let continuation = state.withLock { state -> CheckedContinuation<Outcome, Never>? in
            guard state.outcome == nil else { return nil }
            state.outcome = outcome
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(returning: outcome)
    }

    /// Ends the process group and reaps the child. Nobody waits for it any more.
    private func end() {
        killGroup()
        var watched = pollfd(fd: process, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&watched, 1, -1) < 0, errno == EINTR {}
        state.withLock { state in
            waitpid(child, nil, 0)
            state.isReaped = true
        }
        OwnChildren.ended(child)
        close(output)
        close(process)
    }

    private func killGroup() {
        kill(-child, SIGKILL)
        kill(child, SIGKILL)
    }
}
