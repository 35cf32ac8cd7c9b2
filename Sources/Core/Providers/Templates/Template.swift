/// Text with `{name}` placeholders; `{{` and `}}` stand for braces, and so does a `}` alone. An inserted value is never parsed as a template.
package struct Template: Sendable, Hashable {
    package enum Part: Sendable, Hashable {
        case text(String)
        case name(String)
    }

    package let parts: [Part]

    init(parts: [Part]) {
        self.parts = parts
    }

    /// As it is written, without the doubling of braces.
    package var text: String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .name(let name): "{\(name)}"
            }
        }.joined()
    }

    package var isEmpty: Bool { parts.allSatisfy { $0 == .text("") } }

    /// Names in order of appearance.
    package var names: [String] {
        parts.compactMap { if case .name(let name) = $0 { name } else { nil } }
    }

    /// The name, if the template consists of nothing else; otherwise nil.
    package var soleName: String? {
        guard parts.count == 1, case .name(let name) = parts[0] else { return nil }
        return name
    }

    /// - Throws: `TemplateFault` for a `{` without `}` or an invalid name.
    package init(_ text: String) throws(TemplateFault) {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            if (character == "{" || character == "}") && rest.first == character {
                literal.append(character)
                rest.removeFirst()
            } else if character == "{" {
                guard let end = rest.firstIndex(of: "}") else { throw TemplateFault(message: "the { in \"\(text)\" has no }") }
                let name = String(rest[..<end])
                guard !name.isEmpty, name.utf8.allSatisfy(Self.isNameByte) else {
                    throw TemplateFault(message: "{\(name)} is not a name; write {{ for a brace")
                }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(.name(name))
                rest = rest[rest.index(after: end)...]
            } else {
                literal.append(character)
            }
        }
        if !literal.isEmpty || parts.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x5F || byte == 0x2E
    }

}
