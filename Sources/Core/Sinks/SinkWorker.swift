import Broker
import Configuration
import Files
import Secrets
import Time
import Tokens

/// Keeps one sink up to date: delivers the current token when it changed, and takes it away when there is none any more.
actor SinkWorker {
    private let token: String
    private let sink: TokenSink
    private let cell: TokenCell
    private let environment: SinkEnvironment
    private let signals: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    /// The fingerprint of the token that was delivered last; nil: none is there.
    private var delivered: String??
    private var failures = 0
    private var timer: Task<Void, Never>?

    init(_ token: String, _ sink: TokenSink, _ cell: TokenCell, _ environment: SinkEnvironment) {
        self.token = token
        self.sink = sink
        self.cell = cell
        self.environment = environment
        (signals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
    }

    /// Looks at the token again.
    nonisolated func wake() { continuation.yield() }

    func run() async {
        for await _ in signals {
            guard !Task.isCancelled else { break }
            await update()
        }
        timer?.cancel()
    }

    private func update() async {
        let now = environment.clocks.boot
        let current = cell.livingToken(at: now)
        timer?.cancel()
        if delivered != .some(current?.fingerprint) {
            do throws(SinkFault) {
                try await deliver(current)
                delivered = .some(current?.fingerprint)
                failures = 0
            } catch {
                failures += 1
                environment.events.record(.sinkFailed(token: token, sink: sink.place, reason: error.reason))
                // 1 s, 2 s, 4 s, … 5 min.
                return wake(at: now + min(.seconds(300), .seconds(1) * (1 << min(failures - 1, 9))))
            }
        }
        if let deadline = current?.deadline { wake(at: deadline) }
    }

    private func wake(at instant: BootInstant) {
        timer = environment.timer(at: instant) { [continuation] in continuation.yield() }
    }

    private func deliver(_ current: Token?) async throws(SinkFault) {
        switch (sink, current) {
        case (.file(let file), let token?):
            let text = Array(file.template.replacing("%s", with: token.value.exposedText).utf8)
            let bytes = text.last == UInt8(ascii: "\n") ? text : text + [UInt8(ascii: "\n")]
            do throws(SystemCallError) {
                try AtomicFile.write(bytes, to: file.path, mode: file.mode, group: file.group.flatMap(environment.group))
            } catch {
                throw SinkFault(error)
            }
        case (.file(let file), nil):
            do throws(SystemCallError) {
                try AtomicFile.remove(file.path)
            } catch {
                throw SinkFault(error)
            }
        case (.command(let command), let token?):
            let facts = ["TOKENBROKER_TOKEN": self.token, "TOKENBROKER_FINGERPRINT": token.fingerprint]
            try await environment.run(command, facts, input: token.value.exposedBytes + [UInt8(ascii: "\n")])
        case (.command, nil): break
        }
    }

    /// Removes what it has written: the sink or its entry is no longer configured.
    func withdraw() {
        timer?.cancel()
        guard case .file(let file) = sink else { return }
        do throws(SystemCallError) {
            try AtomicFile.remove(file.path)
        } catch {
            environment.events.record(.sinkFailed(token: token, sink: sink.place, reason: SinkFault(error).reason))
        }
    }
}

/// Why a token did not reach its sink.
struct SinkFault: Error {
    let reason: String

    init(reason: String) {
        self.reason = reason
    }

    init(_ error: SystemCallError) {
        reason = "\(error.call): \(SystemCallError.text(of: error.code))"
    }
}

extension TokenSink {
    /// Its name in the log.
    var place: String {
        switch self {
        case .file(let file): file.path
        case .command(let command): command.words.first ?? ""
        }
    }
}
