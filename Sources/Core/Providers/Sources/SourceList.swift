/// Sources of one value; the first that is there counts.
package struct SourceList: Sendable, Hashable, CustomStringConvertible {
    /// At least one.
    package let sources: [ValueSource]

    package init(_ sources: [ValueSource]) {
        self.sources = sources
    }

    package init(_ place: ValueSource.Place) {
        sources = [ValueSource(place)]
    }

    package var description: String { sources.map(\.description).joined(separator: " or ") }

    /// Whether every source has text and nothing else: no numbers, no Booleans.
    var isText: Bool {
        sources.allSatisfy { source in
            if source.pattern != nil { return true }
            return if case .json = source.place { false } else { true }
        }
    }

    /// Whether the value is the whole body.
    package var isBody: Bool { sources.contains { if case .body = $0.place { true } else { false } } }

    package var isXML: Bool { sources.contains { if case .xml = $0.place { true } else { false } } }
}
