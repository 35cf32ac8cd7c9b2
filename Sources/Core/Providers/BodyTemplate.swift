/// The body of a request template.
package enum BodyTemplate: Sendable, Hashable {
    case none
    case json(JSONTemplate)
    case form([PairTemplate])
    case text(Template)
}
