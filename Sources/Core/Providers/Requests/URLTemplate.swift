import OutboundHTTP

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
    /// A kept value of kind `path` that stands right behind the origin.
    package let keptPath: String?
    package let path: Template
    package let query: [PairTemplate]

    /// - Throws: `TemplateFault` if the URL does not begin with `https://`, `http://` or a `{name}`, or another part is invalid.
    package init(_ text: String) throws(TemplateFault) {
        var parts = try Template(text).parts
        for case .text(let text) in parts { try Self.check(text) }
        switch parts.removeFirst() {
        case .name(let name):
            origin = .named(name)
        case .text(let text):
            guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else {
                throw TemplateFault(message: "a URL must begin with https:// or an input of kind url, such as {base_url}")
            }
            let rest = text.dropFirst(scheme.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            guard end > rest.startIndex else {
                throw TemplateFault(message: "the host of a URL must be fixed; use an input of kind url for a variable host")
            }
            origin = .fixed(scheme + rest[..<end])
            if end < rest.endIndex { parts.insert(.text(String(rest[end...])), at: 0) }
        }
        if case .name(let name)? = parts.first {
            keptPath = name
            parts.removeFirst()
        } else {
            keptPath = nil
        }
        let (path, query) = Self.split(parts, at: "?")
        self.path = Template(parts: path)
        switch path.first {
        case .text(let text)? where !text.isEmpty && !text.hasPrefix("/"):
            throw TemplateFault(message: "after scheme, host and port comes /, ? or the end, but here follows \(text)")
        case .text?, .name?, nil: break
        }
        for case .text(let text) in path {
            if let problem = BaseURL.pathProblem(text) { throw TemplateFault(message: "the URL \(problem)") }
        }
        self.query = try Self.pairs(query ?? [])
    }

    /// - Throws: `TemplateFault` for a character that no URL holds (RFC 3986 §2), and for the fragment, which is never sent.
    private static func check(_ text: String) throws(TemplateFault) {
        if text.contains("#") { throw TemplateFault(message: "a URL has no fragment here; write %23 for the character #") }
        let isFit: (UInt8) -> Bool = { $0 > 0x20 && $0 < 0x7F && !#"\"<>^`{|}"#.utf8.contains($0) }
        guard let unfit = text.unicodeScalars.first(where: { !$0.isASCII || !isFit(UInt8($0.value)) }) else { return }
        let encoded = String(unfit).utf8.map { "%" + String($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
        throw TemplateFault(message: "a URL cannot hold the character \(String(unfit).debugDescription); write \(encoded)")
    }

    /// As it is written.
    package var text: String {
        let start =
            switch origin {
            case .fixed(let origin): origin
            case .named(let name): "{\(name)}"
            }
        let pairs = query.map { "\($0.name)=\($0.value.text)" }.joined(separator: "&")
        return start + (keptPath.map { "{\($0)}" } ?? "") + path.text + (pairs.isEmpty ? "" : "?\(pairs)")
    }

    /// Whether it is an origin alone, with nothing behind it.
    package var isWhole: Bool { keptPath == nil && path.names.isEmpty && path.isEmpty && query.isEmpty }

    package var names: [String] {
        let first = if case .named(let name) = origin { [name] } else { [String]() }
        return first + [keptPath].compactMap { $0 } + path.names + query.flatMap(\.value.names)
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
