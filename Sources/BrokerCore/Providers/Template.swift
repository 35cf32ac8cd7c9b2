/// Text with `{name}` places; `{{` and `}}` are braces. A value put in is never read as a template again.
package struct Template: Sendable, Hashable {
    package enum Part: Sendable, Hashable {
        case text(String)
        case name(String)
    }

    package let parts: [Part]

    init(parts: [Part]) {
        self.parts = parts
    }

    /// Names in the order they stand.
    package var names: [String] {
        parts.compactMap { if case .name(let name) = $0 { name } else { nil } }
    }

    /// The name this template consists of, nil where anything else stands beside it.
    package var soleName: String? {
        guard parts.count == 1, case .name(let name) = parts[0] else { return nil }
        return name
    }

    /// - Throws: `TemplateFault` for a brace without its partner or a name that is none.
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
            } else if character == "}" {
                throw TemplateFault(message: "the } in \"\(text)\" has no {; write }} for a brace")
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

    /// Puts the values in, each encoded for its place.
    ///
    /// - Returns: nil where a named value is absent: an optional input that was not given.
    /// - Throws: what `encode` throws.
    package func render(_ values: ValueScope, encode: (_ name: String, _ value: [UInt8]) throws(LoginFailure) -> [UInt8]) throws(LoginFailure)
        -> [UInt8]?
    {
        var bytes: [UInt8] = []
        for part in parts {
            switch part {
            case .text(let text):
                bytes += Array(text.utf8)
            case .name(let name):
                guard let value = values[name] else { return nil }
                bytes += try encode(name, value)
            }
        }
        return bytes
    }
}

package struct TemplateFault: Error, Sendable {
    package let message: String
}

/// The values a login can name: inputs, token inputs, and what earlier steps kept, as bytes.
package struct ValueScope: Sendable {
    private var values: [String: [UInt8]] = [:]

    package init(_ values: [String: [UInt8]] = [:]) {
        self.values = values
    }

    package subscript(name: String) -> [UInt8]? {
        get { values[name] }
        set { values[name] = newValue }
    }

    package var names: [String] { values.keys.sorted() }
}

/// How a value is written in each place it can stand, so that it stays one value there.
enum PlaceEncoding {
    /// RFC 3986 §2.3: everything but unreserved characters is percent-encoded.
    static func percent(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { isUnreserved($0) ? [$0] : [0x25] + Array(Digest.hex([$0]).uppercased().utf8) }
    }

    /// A path segment; an empty one, "." and ".." would name another resource.
    static func pathSegment(_ name: String, _ bytes: [UInt8]) throws(LoginFailure) -> [UInt8] {
        guard !bytes.isEmpty, bytes != [0x2E], bytes != [0x2E, 0x2E] else {
            throw LoginFailure(.local, "{\(name)} is empty, \".\" or \"..\", which no path may hold")
        }
        return percent(bytes)
    }

    /// A field value: visible ASCII and spaces; CR, LF, NUL and non-ASCII bytes would end or break the header.
    static func header(_ name: String, _ bytes: [UInt8]) throws(LoginFailure) -> [UInt8] {
        guard bytes.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
            throw LoginFailure(.local, "{\(name)} holds a line break, a control byte or a non-ASCII byte, which no header can carry")
        }
        return bytes
    }

    /// `application/x-www-form-urlencoded` (WHATWG URL §5.2): as percent-encoding, a space becomes "+".
    static func form(_ bytes: [UInt8]) -> [UInt8] {
        bytes.flatMap { $0 == 0x20 ? [0x2B] : isUnreserved($0) ? [$0] : [0x25] + Array(Digest.hex([$0]).uppercased().utf8) }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }
}
