/// A named request, other than a login, that an operator can run.
package struct ActionDefinition: Sendable, Hashable {
    package var name: String
    package var request: RequestTemplate
    package var inputs: [InputDefinition]
}
