/// A query pair or form field.
package struct PairTemplate: Sendable, Hashable {
    package var name: String
    package var value: Template
}
