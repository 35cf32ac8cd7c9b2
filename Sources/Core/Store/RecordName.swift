import JSON

/// Which token a record is of: an entry's name and the values of its per-request inputs.
package struct RecordName: Sendable, Hashable {
    package let token: String
    package let perRequest: [String: String]

    package init(_ token: String, _ perRequest: [String: String] = [:]) {
        self.token = token
        self.perRequest = perRequest
    }

    /// The values as JSON, names in order; empty for an entry without.
    package var inputs: String { perRequest.isEmpty ? "" : JSONValue.object(perRequest.mapValues { .string($0) }).jsonText }
}
