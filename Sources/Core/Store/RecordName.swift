import JSON

/// Identifies a token's record: the entry's name and the values of its per-request inputs.
package struct RecordName: Sendable, Hashable {
    package let token: String
    package let perRequest: [String: String]

    package init(_ token: String, _ perRequest: [String: String] = [:]) {
        self.token = token
        self.perRequest = perRequest
    }

    /// The per-request values as JSON, sorted by name; empty for an entry without any.
    package var inputs: String { perRequest.isEmpty ? "" : JSONValue.object(perRequest.mapValues { .string($0) }).jsonText }
}
