package import Patterns
package import YAML

extension YAMLNode {
    /// A regular expression, compiled here.
    package func pattern() -> Pattern? {
        guard let text = string() else { return nil }
        do throws(PatternFault) {
            return try Pattern(text)
        } catch {
            fault("is not a regular expression: \(error.message)")
            return nil
        }
    }
}
