import JSON

extension JSONValue {
    /// A 64-bit number as protobuf's JSON mapping writes it: as a string, and omitted if it is 0.
    func int64(_ name: String) -> Int64 {
        switch self[name] {
        case .string(let text)?: Int64(text) ?? 0
        case .integer(let number)?: number
        default: 0
        }
    }

    var elements: [JSONValue] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }
}
