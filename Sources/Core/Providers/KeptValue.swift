import HTTPTypes
import JSON
import Time

package struct KeptValue: Sendable, Hashable {
    package var name: String
    package var source: ValueSource
    package var isOptional = false
    package var kind = InputDefinition.Kind.text
}
