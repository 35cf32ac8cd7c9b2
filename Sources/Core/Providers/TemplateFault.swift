package struct TemplateFault: Error, Sendable {
    package let message: String
}
