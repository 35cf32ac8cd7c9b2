package import Broker
package import Configuration
import Synchronization
package import Tokens

/// Brings tokens to programs that cannot ask: into files, and to commands. It hears of changes as an event sink; each sink has a worker of its
/// own, so that a slow command holds up nobody else.
package final class TokenSinks: EventSink {
    private struct Key: Hashable {
        let token: String
        let sink: TokenSink
        /// The cell that it follows: an entry that comes back has another.
        let cell: ObjectIdentifier
    }

    private struct State {
        var workers: [Key: (worker: SinkWorker, task: Task<Void, Never>)] = [:]
        var watches: [String: (command: SinkCommand, watch: FailureWatch, task: Task<Void, Never>)] = [:]
    }

    private let environment: SinkEnvironment
    private let state = Mutex(State())

    package init(_ environment: SinkEnvironment) {
        self.environment = environment
    }

    package func record(_ event: BrokerEvent) {
        switch event {
        case .tokenAdopted(let token, _, _, _, _, _), .tokenShared(let token, _, _, _): wake(token, .renewed)
        case .tokenDropped(let token), .held(let token, _): wake(token, .token)
        case .loginFailed(let token, _, _, let isLatched, _): wake(token, isLatched ? .latched : .token)
        default: break
        }
    }

    private func wake(_ token: String, _ news: FailureWatch.News) {
        let (workers, watch) = state.withLock { state in
            (state.workers.filter { $0.key.token == token }.map(\.value.worker), state.watches[token]?.watch)
        }
        for worker in workers { worker.wake() }
        watch?.tell(news)
    }

    /// Follows a configuration: new sinks get the current token, and files of those that are gone are removed.
    package func apply(_ tokens: [TokenConfiguration], _ cells: [String: TokenCell]) async {
        let gone = state.withLock { state in
            var wanted: Set<Key> = []
            for token in tokens {
                guard let cell = cells[token.name] else { continue }
                for sink in token.sinks {
                    let key = Key(token: token.name, sink: sink, cell: ObjectIdentifier(cell))
                    wanted.insert(key)
                    guard state.workers[key] == nil else { continue }
                    let worker = SinkWorker(token.name, sink, cell, environment)
                    state.workers[key] = (worker, Task { await worker.run() })
                }
                watch(token, cell, &state)
            }
            let names = Set(tokens.map(\.name))
            for name in state.watches.keys where !names.contains(name) { Self.forget(name, &state) }
            return state.workers.keys.filter { !wanted.contains($0) }.compactMap { key in
                state.workers.removeValue(forKey: key).map { gone in
                    gone.task.cancel()
                    return (key, gone.worker)
                }
            }
        }
        let kept = Set(tokens.flatMap(\.sinks).compactMap(Self.path))
        for (key, worker) in gone {
            // Another sink may write to the same path now.
            if let path = Self.path(key.sink), kept.contains(path) { continue }
            await worker.withdraw()
        }
    }

    private func watch(_ token: TokenConfiguration, _ cell: TokenCell, _ state: inout State) {
        guard token.onFailure != state.watches[token.name]?.command else { return }
        Self.forget(token.name, &state)
        guard let command = token.onFailure else { return }
        let watch = FailureWatch(token.name, command, cell, environment)
        state.watches[token.name] = (command, watch, Task { await watch.run() })
    }

    private static func forget(_ name: String, _ state: inout State) {
        state.watches.removeValue(forKey: name)?.task.cancel()
    }

    private static func path(_ sink: TokenSink) -> String? { if case .file(let file) = sink { file.path } else { nil } }

    /// Ends every worker; files stay, since their tokens live on.
    package func stop() {
        let tasks = state.withLock { state in
            defer { state = State() }
            return state.workers.values.map(\.task) + state.watches.values.map(\.task)
        }
        for task in tasks { task.cancel() }
    }
}
