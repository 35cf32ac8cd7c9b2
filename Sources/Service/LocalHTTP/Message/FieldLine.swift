/// One field line: where its value stands in the request's bytes, outer white space excluded.
package struct FieldLine: Sendable {
    package let name: FieldName
    package let value: Range<Int>
}
