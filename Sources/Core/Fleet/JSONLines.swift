import JSON
import Synchronization

/// Splits a stream into lines of JSON. Called on one queue.
final class JSONLines: Sendable {
    private let rest = Mutex<[UInt8]>([])
    private let receive: @Sendable (JSONValue) -> Bool
    private static let maximumBytes = 8 * 1024 * 1024

    init(_ receive: @escaping @Sendable (JSONValue) -> Bool) {
        self.receive = receive
    }

    /// Passes on each complete line; false once the receiver wants no more.
    func take(_ bytes: [UInt8]) -> Bool {
        let lines = rest.withLock { rest in
            rest += bytes
            var parts = rest.split(separator: 0x0A, omittingEmptySubsequences: false)
            rest = Array(parts.removeLast())
            if rest.count > Self.maximumBytes { rest = [] }
            return parts.map(Array.init)
        }
        return lines.allSatisfy { line in JSONValue(parsing: line).map(receive) ?? true }
    }
}
