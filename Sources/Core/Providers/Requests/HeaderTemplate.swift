package import HTTPTypes

/// A header with a template as its value.
package struct HeaderTemplate: Sendable, Hashable {
    package var name: HTTPField.Name
    package var value: Template
}
