/// How callers present the token to the partner.
package struct TokenUse: Sendable, Hashable {
    package var headers: [HeaderTemplate] = []
    /// Pairs of the query; nil: the definition has none, and answers no member for them.
    package var query: [PairTemplate]?
    /// Members of a JSON body; nil: the definition has none.
    package var json: JSONTemplate?
}
