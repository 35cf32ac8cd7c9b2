public import Files
import Synchronization

/// Event loops that serve the same listeners, each with its own handler.
public final class HTTPServer: Sendable {
    private let loops: [ServerLoop]
    /// The addresses it listens on, with the ports chosen by the kernel.
    public let addresses: [SocketAddress]

    /// Starts serving.
    ///
    /// - Parameters:
    ///   - loops: the number of event loops; one is right for up to 4 cores.
    ///   - handler: creates the handler of one loop.
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

    /// Stops accepting connections and returns when every connection has been answered, at the latest after `time`.
    public func drain(within time: Duration) async {
        for loop in loops {
            await withCheckedContinuation { continuation in
                loop.events.submit { loop.drain(within: time) { continuation.resume() } }
            }
        }
    }

    /// Has every loop make a turn, so that its handler notices what others have changed.
    public func wake() {
        for loop in loops { loop.events.submit {} }
    }

    /// Stops the loops; connections still open are closed with them.
    public func stop() {
        for loop in loops { loop.events.stop() }
    }

    /// Returns when every loop has turned once more; never returns where a loop is stuck or stopped.
    public func pulse() async {
        for loop in loops { await withCheckedContinuation { continuation in loop.events.submit { continuation.resume() } } }
    }

    /// The number of turns of each loop so far.
    public var turns: [UInt64] { loops.map { $0.events.turns.load(ordering: .relaxed) } }
}
