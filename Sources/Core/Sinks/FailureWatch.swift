import Broker
import Configuration
import Time
import Tokens

/// Runs an entry's `on_failure` when its token is lost, and when its login is latched: once for each.
actor FailureWatch {
    enum News: Sendable {
        /// The token changed, or its life may have ended.
        case token
        case renewed, latched
    }

    private let token: String
    private let command: SinkCommand
    private let cell: TokenCell
    private let environment: SinkEnvironment
    private let signals: AsyncStream<News>
    private let continuation: AsyncStream<News>.Continuation
    private var hadToken = false
    private var wasLatched = false
    private var timer: Task<Void, Never>?

    init(_ token: String, _ command: SinkCommand, _ cell: TokenCell, _ environment: SinkEnvironment) {
        self.token = token
        self.command = command
        self.cell = cell
        self.environment = environment
        (signals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
        continuation.yield(.token)
    }

    nonisolated func tell(_ news: News) { continuation.yield(news) }

    func run() async {
        for await news in signals {
            guard !Task.isCancelled else { break }
            await look(news)
        }
        timer?.cancel()
    }

    private func look(_ news: News) async {
        let current = cell.livingToken(at: environment.clocks.boot)
        timer?.cancel()
        if let deadline = current?.deadline { timer = environment.timer(at: deadline) { [continuation] in continuation.yield(.token) } }
        let isLost = hadToken && current == nil
        hadToken = current != nil
        if isLost { await run("lost") }
        switch news {
        case .token: break
        case .renewed: wasLatched = false
        case .latched:
            if !wasLatched { await run("latched") }
            wasLatched = true
        }
    }

    private func run(_ reason: String) async {
        do throws(SinkFault) {
            try await environment.run(command, ["TOKENBROKER_TOKEN": token, "TOKENBROKER_REASON": reason], input: [])
        } catch {
            environment.events.record(.sinkFailed(token: token, sink: "on_failure \(command.words.first ?? "")", reason: error.reason))
        }
    }
}
