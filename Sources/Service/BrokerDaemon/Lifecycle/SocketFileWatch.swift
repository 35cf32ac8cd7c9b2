import LocalHTTP
import Logging
import Time

/// Notices when the file of a unix socket is gone, or another's: the daemon still listens, and nobody can connect.
struct SocketFileWatch {
    let listeners: [Listener]
    let clocks: any Clocks
    let logger: Logger

    private static let interval = Duration.seconds(10)

    /// Looks until the task is cancelled, and says what has changed.
    func run() async {
        var lost: Set<String> = []
        while !Task.isCancelled {
            try? await clocks.sleep(until: clocks.boot + Self.interval)
            for listener in listeners {
                let name = listener.address.description
                if listener.isReachable {
                    if lost.remove(name) != nil { logger.notice("socket file is there again", metadata: ["address": "\(name)"]) }
                } else if lost.insert(name).inserted {
                    logger.error("socket file is gone or another's: nobody can connect; restart the service", metadata: ["address": "\(name)"])
                }
            }
        }
    }
}
