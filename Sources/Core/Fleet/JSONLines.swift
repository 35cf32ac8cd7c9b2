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
            // Only the new bytes are searched: the rest holds no newline.
            var parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            let last = parts.removeLast()
            var lines = parts.map(Array.init)
            if !lines.isEmpty {
                lines[0] = rest + lines[0]
                rest = []
            }
            rest += last
            if rest.count > Self.maximumBytes { rest = [] }
            return lines
        }
        return lines.allSatisfy { line in JSONValue(parsing: line).map(receive) ?? true }
    }
}
