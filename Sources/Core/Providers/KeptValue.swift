/// A named value that is kept from an answer.
package struct KeptValue: Sendable, Hashable {
    package var name: String
    package var source: ValueSource
    package var isOptional = false
    package var kind = InputDefinition.Kind.text
}
