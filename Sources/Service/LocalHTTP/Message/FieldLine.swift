/// One field line: where its value stands in the request's bytes, outer white space excluded.
public struct FieldLine: Sendable {
    public let name: FieldName
    public let value: Range<Int>
}
