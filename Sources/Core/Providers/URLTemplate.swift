/// A URL template in parts, so that an inserted value can never change the URL's structure.
///
/// Scheme and host come from the definition or from an input of `kind: url`; path and query take percent-encoded values.
package struct URLTemplate: Sendable, Hashable {
    package enum Origin: Sendable, Hashable {
        /// `https://host[:port]`, as written in the definition.
        case fixed(String)
        /// An input or kept value of `kind: url`: scheme, host, port and path prefix.
        case named(String)
    }

    package let origin: Origin
    package let path: Template
    package let query: [PairTemplate]

    /// - Throws: `TemplateFault` if the URL does not begin with `https://`, `http://` or a `{name}`, or another part is invalid.
    package init(_ text: String) throws(TemplateFault) {
        var parts = try Template(text).parts
        switch parts.removeFirst() {
        case .name(let name):
            origin = .named(name)
        case .text(let text):
            guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else {
                throw TemplateFault(message: "a URL must begin with https:// or an input of kind url, such as {base_url}")
            }
            let rest = text.dropFirst(scheme.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            guard end > rest.startIndex, end < rest.endIndex || parts.isEmpty else {
                throw TemplateFault(message: "the host of a URL must be fixed; use an input of kind url for a variable host")
            }
            origin = .fixed(scheme + rest[..<end])
            parts.insert(.text(String(rest[end...])), at: 0)
        }
        let (path, query) = Self.split(parts, at: "?")
        self.path = Template(parts: path)
        if case .text(let text)? = path.first, !text.isEmpty, !text.hasPrefix("/") {
            throw TemplateFault(message: "a path must begin with /")
        }
        self.query = try Self.pairs(query ?? [])
    }

    package var names: [String] {
        let first = if case .named(let name) = origin { [name] } else { [String]() }
        return first + path.names + query.flatMap(\.value.names)
    }

    private static func pairs(_ parts: [Template.Part]) throws(TemplateFault) -> [PairTemplate] {
        var pairs: [PairTemplate] = []
        var rest: [Template.Part]? = parts.isEmpty ? nil : parts
        while let current = rest {
            let (pair, next) = split(current, at: "&")
            let (name, value) = split(pair, at: "=")
            guard name.count == 1, case .text(let text) = name[0], !text.isEmpty else {
                throw TemplateFault(message: "a query pair must have the form name={value}")
            }
            pairs.append(PairTemplate(name: text, value: Template(parts: value ?? [.text("")])))
            rest = next
        }
        return pairs
    }

    /// Splits at the first such character in literal text; the second result is nil if there is none.
    private static func split(_ parts: [Template.Part], at character: Character) -> ([Template.Part], [Template.Part]?) {
        for (index, part) in parts.enumerated() {
            guard case .text(let text) = part, let place = text.firstIndex(of: character) else { continue }
            let before = text[..<place].isEmpty ? [] : [Template.Part.text(String(text[..<place]))]
            let rest = text[text.index(after: place)...]
            let after = rest.isEmpty ? [] : [Template.Part.text(String(rest))]
            return (Array(parts[..<index]) + before, after + parts[(index + 1)...])
        }
        return (parts, nil)
    }
}
