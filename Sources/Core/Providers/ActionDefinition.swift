import HTTPTypes
import JSON
import Time

package struct ActionDefinition: Sendable, Hashable {
    package var name: String
    package var request: RequestTemplate
    package var inputs: [InputDefinition]
}
