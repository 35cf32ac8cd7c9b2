import JSON

/// Identifies a token's record: the entry's name and the values of its per-request inputs. They are compared as bytes: Swift takes texts for
/// equal that Unicode calls equivalent, and so one tenant for another.
package struct RecordName: Sendable, Hashable {
    package let token: String
    package let perRequest: [String: String]
    /// Name and values, sorted by name, each with its length.
    private let bytes: [UInt8]

    package init(_ token: String, _ perRequest: [String: String] = [:]) {
        self.token = token
        self.perRequest = perRequest
        let parts = [token] + perRequest.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        bytes = parts.flatMap { part in Array("\(part.utf8.count):".utf8) + Array(part.utf8) }
    }

    package static func == (one: RecordName, other: RecordName) -> Bool { one.bytes == other.bytes }

    package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    /// The per-request values as JSON, sorted by name; empty for an entry without any.
    package var inputs: String { perRequest.isEmpty ? "" : JSONValue.object(perRequest.mapValues { .string($0) }).jsonText }
}
