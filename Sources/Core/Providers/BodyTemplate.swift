import HTTPTypes
import JSON
import Time

package enum BodyTemplate: Sendable, Hashable {
    case none
    case json(JSONTemplate)
    case form([PairTemplate])
    case text(Template)
}
