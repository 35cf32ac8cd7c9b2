/// A named value that is kept from an answer.
package struct KeptValue: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case text
        /// May begin the URL of a later request.
        case url
        /// A path, which may stand behind an origin: a leading `/`, no `..`, `//` or `?`.
        case path
    }

    package var name: String
    package var source: SourceList
    package var isOptional = false
    package var kind = Kind.text
}
