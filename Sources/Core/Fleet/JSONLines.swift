import Configuration
import HTTPTypes
import JSON
import OutboundHTTP
import Store
import Synchronization
import Time

/// Cuts a stream into lines of JSON. Called on one queue.
final class JSONLines: Sendable {
    private let rest = Mutex<[UInt8]>([])
    private let hear: @Sendable (JSONValue) -> Bool
    private static let maximumBytes = 8 * 1024 * 1024

    init(_ hear: @escaping @Sendable (JSONValue) -> Bool) {
        self.hear = hear
    }

    /// False when no more is wanted.
    func take(_ bytes: [UInt8]) -> Bool {
        let lines = rest.withLock { rest in
            rest += bytes
            var parts = rest.split(separator: 0x0A, omittingEmptySubsequences: false)
            rest = Array(parts.removeLast())
            if rest.count > Self.maximumBytes { rest = [] }
            return parts.map(Array.init)
        }
        return lines.allSatisfy { line in JSONValue(parsing: line).map(hear) ?? true }
    }
}
