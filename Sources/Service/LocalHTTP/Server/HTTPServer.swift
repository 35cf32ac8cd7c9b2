public import Files
import Synchronization

/// Loops that serve the same listeners, each with a handler of its own.
public final class HTTPServer: Sendable {
    private let loops: [ServerLoop]
    /// Where it listens, with the ports the kernel chose.
    public let addresses: [SocketAddress]

    /// Starts serving.
    ///
    /// - Parameters:
    ///   - loops: event loops; one is right up to 4 cores.
    ///   - handler: makes the handler of one loop.
    /// - Throws: `SystemCallError`; nothing is served then.
    public init(
        _ listeners: [Listener], limits: ServerLimits, loops count: Int = 1, handler: () -> any RequestHandler
    ) throws(SystemCallError) {
        var loops: [ServerLoop] = []
        for index in 0..<count {
            let loop = ServerLoop(events: try EventLoop(label: "tokenbroker.loop.\(index)"), limits: limits, handler: handler())
            try loop.start(listeners)
            loops.append(loop)
        }
        self.loops = loops
        addresses = listeners.map(\.address)
    }

    /// Stops accepting and returns when every connection has had its answer, at the latest after `time`.
    public func drain(within time: Duration) async {
        for loop in loops {
            await withCheckedContinuation { continuation in
                loop.events.submit { loop.drain(within: time) { continuation.resume() } }
            }
        }
    }

    /// Ends the loops; what is still open is closed with them.
    public func stop() {
        for loop in loops { loop.events.stop() }
    }

    /// Returns when every loop has turned once more; never, where one is stuck or was stopped.
    public func pulse() async {
        for loop in loops { await withCheckedContinuation { continuation in loop.events.submit { continuation.resume() } } }
    }

    /// Turns of each loop so far.
    public var turns: [UInt64] { loops.map { $0.events.turns.load(ordering: .relaxed) } }
}
