package import Logging
import Observability
import PartnerSandbox
import Synchronization
import Time

/// Everything that was logged, at every level.
package final class CapturedLog: Sendable {
    private let lines = Mutex<[String]>([])

    package init() {}

    package var logger: Logger {
        let write: @Sendable (String) -> Void = { [self] line in lines.withLock { $0.append(line) } }
        let settings = LogSwitch(isJournal: false, clocks: SystemClocks(), override: .trace)
        return Logger(label: "test") { _ in LineLogHandler(settings, write: write) }
    }

    package func append(_ bytes: [UInt8]) { lines.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }

    package var text: String { lines.withLock { $0.joined() } }
}
