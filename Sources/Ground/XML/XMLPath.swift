/// A path from the root element by local names: `/tsResponse/credentials/@token`, or `/a/b` for the text of an element.
package struct XMLPath: Sendable, Hashable, CustomStringConvertible {
    private let names: [String]
    private let attribute: String?

    /// Nil unless the text is `/name`, with further names and at most one final `/@attribute`.
    package init?(_ text: String) {
        guard text.hasPrefix("/") else { return nil }
        var names = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        attribute = names.last.flatMap { $0.hasPrefix("@") ? String($0.dropFirst()) : nil }
        if attribute != nil { names.removeLast() }
        let isName: (String) -> Bool = { name in !name.isEmpty && !name.contains { " @:*[]()|=\t\n".contains($0) } }
        guard !names.isEmpty, names.allSatisfy(isName), attribute.map(isName) ?? true else { return nil }
        self.names = names
    }

    /// The value at the first place, in document order, that the path leads to: an attribute, or an element's text without white space at its
    /// ends.
    package func resolve(in root: XMLElement) -> String? { resolve(names[...], in: root) }

    private func resolve(_ names: ArraySlice<String>, in element: XMLElement) -> String? {
        guard element.name == names.first else { return nil }
        let rest = names.dropFirst()
        guard rest.isEmpty else { return element.elements.lazy.compactMap { resolve(rest, in: $0) }.first }
        guard let attribute else { return Self.trimmed(element.text) }
        return element.attributes[attribute]
    }

    private static func trimmed(_ text: String) -> String {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        return String(decoding: Array(text.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed()), as: UTF8.self)
    }

    package var description: String { (names + (attribute.map { ["@\($0)"] } ?? [])).map { "/\($0)" }.joined() }
}
