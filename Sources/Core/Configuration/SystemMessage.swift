/// The system's message for a failed read.
package struct SystemMessage: Error, Sendable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }
}
