/// The body of a request template.
package enum BodyTemplate: Sendable, Hashable {
    case none
    case json(JSONTemplate)
    case form([PairTemplate])
    /// A text template; inserted values are escaped.
    case xml(Template)
    case text(Template)
}
