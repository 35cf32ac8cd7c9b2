/// A field line: its name and the range of its value in the request's bytes, without surrounding whitespace.
public struct FieldLine: Sendable {
    public let name: FieldName
    public let value: Range<Int>
}
