/// Why a text is not a valid template.
package struct TemplateFault: Error, Sendable {
    package let message: String
}
