import Secrets
package import Time

/// A node of a configuration file with its place. Reading it as a type it does not have reports a fault and returns nil.
package struct YAMLNode {
    let tree: YAMLTree
    let index: Int

    private var entry: YAMLTree.Entry { tree.entries[index] }
    package var file: String { tree.file }
    /// The keys that lead to it, as faults show them.
    package var path: String { tree.path(of: index) }

    /// A scalar as YAML's core schema reads it; quoted text is always a string.
    package enum Scalar: Equatable {
        case null, bool(Bool), integer(String), number(String), string(String)
    }

    package func fault(_ message: String) {
        tree.faults.add(.init(file: file, line: Int(entry.line), column: Int(entry.column), path: path, message: message))
    }

    package func warn(_ message: String) {
        tree.faults.add(.init(file: file, line: Int(entry.line), column: Int(entry.column), path: path, message: message, isWarning: true))
    }

    func node(_ index: Int) -> YAMLNode { YAMLNode(tree: tree, index: index) }

    /// The text of a scalar, whatever its type; nil for a container.
    var text: String? { tree.isScalar(index) ? tree.text(index) : nil }

    /// Where the value of a key below this node stands, by the keys that lead to it; nil where there is none.
    package func place(of keys: some Sequence<String>) -> (line: Int, column: Int)? {
        var found = self
        for key in keys {
            guard found.isMapping else { return nil }
            let children = tree.children(of: found.index)
            guard let place = stride(from: 0, to: children.count - 1, by: 2).first(where: { node(children[$0]).text == key }) else { return nil }
            found = node(children[place + 1])
        }
        return (Int(found.entry.line), Int(found.entry.column))
    }

    /// A digest of the content, ignoring comments and layout.
    package var digest: String {
        Digest.hex(Digest.sha256(tree.content(of: index)))
    }

    package var isMapping: Bool { entry.kind == .mapping }
    package var isSequence: Bool { entry.kind == .sequence }
    /// Whether it is a scalar that is text, and neither a number, a Boolean nor null.
    package var isText: Bool { if case .string = scalar { true } else { false } }
    package var isNull: Bool { scalar == .null }

    package var scalar: Scalar? {
        guard let text else { return nil }
        guard entry.kind == .plain else { return .string(text) }
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default: break
        }
        let digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
        if !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) { return .integer(text) }
        if digits.utf8.first.map({ (0x30...0x39).contains($0) }) == true, digits.contains("."), Double(text) != nil { return .number(text) }
        return .string(text)
    }

    /// Text: any scalar except null; a number or Boolean yields its text.
    package func string() -> String? {
        switch scalar {
        case .string(let text), .integer(let text), .number(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .null: fault("has no value"); return nil
        case nil: fault("must be text, not a \(isMapping ? "mapping" : "list")"); return nil
        }
    }

    package func bool() -> Bool? {
        if case .bool(let flag) = scalar { return flag }
        fault("must be true or false")
        return nil
    }

    package func integer(in range: ClosedRange<Int>) -> Int? {
        if case .integer(let text) = scalar, let number = Int(text), range.contains(number) { return number }
        fault("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    package func duration(in range: ClosedRange<Duration>) -> Duration? {
        guard case .string(let text) = scalar, let duration = DurationSyntax.parse(text) else {
            fault("must be a duration with a unit, such as 90s, 15m, 24h or 7d")
            return nil
        }
        guard range.contains(duration) else {
            fault("must be between \(DurationSyntax.format(range.lowerBound)) and \(DurationSyntax.format(range.upperBound))")
            return nil
        }
        return duration
    }

    /// A rate such as `120/min`.
    package func rate() -> Rate? {
        guard let text = string() else { return nil }
        if let rate = Rate(text) { return rate }
        fault("must be a number from 1 to 1000000 and a period, such as 120/min, 5/s or 1000/h")
        return nil
    }

    package func size(in range: ClosedRange<Int>) -> Int? {
        guard case .string(let text) = scalar, let size = SizeSyntax.parse(text) else {
            fault("must be a size with a unit, such as 512B, 64KiB, 1MiB or 1GiB")
            return nil
        }
        guard range.contains(size) else {
            fault("must be between \(SizeSyntax.format(range.lowerBound)) and \(SizeSyntax.format(range.upperBound))")
            return nil
        }
        return size
    }

    /// One of the raw values of an enum.
    package func word<Word: RawRepresentable & CaseIterable>(_: Word.Type) -> Word? where Word.RawValue == String {
        guard let text = string() else { return nil }
        if let word = Word(rawValue: text) { return word }
        fault("must be one of: \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        return nil
    }

    package func list() -> [YAMLNode]? {
        guard isSequence else {
            fault("must be a list: [a, b], or lines that begin with -")
            return nil
        }
        return tree.children(of: index).map(node)
    }

    package func strings() -> [String]? {
        list()?.compactMap { $0.string() }
    }

    package func mapping() -> YAMLMapping? {
        guard isMapping else {
            fault("must be a mapping: keys with values, as {key: value} or on lines below")
            return nil
        }
        return YAMLMapping(self)
    }
}
