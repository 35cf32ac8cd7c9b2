import CYAML

/// Composes a tree from libyaml's events. Anchors would let a small file expand into an endless tree, and are faults.
struct YAMLComposer {
    /// Deeper nesting is a mistake, and readers recurse.
    private static let deepest = 200

    private struct Container {
        let index: Int
        let isMapping: Bool
        var count = 0
        var key = 0
    }

    private let tree: YAMLTree
    private var open: [Container] = []
    /// The last quoted text over several lines: where it began, and the line it ended on.
    private var quoted: (line: Int, column: Int, end: Int)?

    private init(_ tree: YAMLTree) {
        self.tree = tree
    }

    /// - Returns: false for a document without content.
    static func compose(_ text: String, into tree: YAMLTree) throws(YAMLProblem) -> Bool {
        var text = text
        var parser = unsafe yaml_parser_t()
        guard unsafe yaml_parser_initialize(&parser) == 1 else { throw YAMLProblem(line: 0, column: 0, message: "cannot be read: no memory") }
        defer { unsafe yaml_parser_delete(&parser) }
        var composer = YAMLComposer(tree)
        let outcome: Result<Void, YAMLProblem> = text.withUTF8 { bytes in
            unsafe yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            unsafe yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            do throws(YAMLProblem) {
                try unsafe composer.read(&parser)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        do {
            try outcome.get()
        } catch {
            throw error.explained(in: text, behind: composer.quoted)
        }
        return !tree.entries.isEmpty
    }

    private mutating func read(_ parser: inout yaml_parser_t) throws(YAMLProblem) {
        var documents = 0
        while true {
            var event = unsafe yaml_event_t()
            let item = unsafe yaml_next_item(&parser, &event)
            defer { unsafe yaml_event_delete(&event) }
            let (line, column) = unsafe (Int(item.line) + 1, Int(item.column) + 1)
            switch unsafe item.kind {
            case YAML_ITEM_FAULT: throw unsafe YAMLProblem(parser)
            case YAML_ITEM_END_OF_STREAM: return
            case YAML_ITEM_DOCUMENT:
                documents += 1
                guard documents == 1 else {
                    throw YAMLProblem(line: line, column: column, message: "expected a single document in the stream but found another document")
                }
            case YAML_ITEM_ALIAS: throw YAMLProblem(problem: "found undefined alias", line: line, column: column)
            case YAML_ITEM_END: try close()
            case YAML_ITEM_SCALAR, YAML_ITEM_SEQUENCE, YAML_ITEM_MAPPING:
                guard unsafe item.has_anchor == 0 else {
                    throw YAMLProblem(line: line, column: column, message: "anchors and aliases are not supported; write the value out")
                }
                let end = unsafe Int(item.end_line) + 1
                if unsafe item.is_quoted == 1, end > line { quoted = (line, column, end) }
                try unsafe add(item, line: line, column: column)
            default: break
            }
        }
    }

    private mutating func add(_ item: yaml_item, line: Int, column: Int) throws(YAMLProblem) {
        let kind: YAMLTree.Kind =
            switch unsafe item.kind {
            case YAML_ITEM_SEQUENCE: .sequence
            case YAML_ITEM_MAPPING: .mapping
            default: unsafe item.is_plain == 1 ? .plain : .quoted
            }
        let isKey = open.last.map { $0.isMapping && $0.count.isMultiple(of: 2) } ?? false
        let next = tree.entries.count
        let label = open.last.map { isKey ? next : $0.isMapping ? $0.key : $0.count } ?? next
        let text = unsafe item.text.map { unsafe UnsafeRawBufferPointer(start: $0, count: item.length).bindMemory(to: UInt8.self) }
        let index = unsafe tree.append(kind, line: line, column: column, parent: open.last?.index ?? next, label: label, text: text)
        if let last = open.indices.last {
            open[last].count += 1
            if isKey { open[last].key = index }
        }
        if kind == .sequence || kind == .mapping {
            guard open.count < Self.deepest else {
                throw YAMLProblem(line: line, column: column, message: "is nested deeper than \(Self.deepest) levels")
            }
            open.append(Container(index: index, isMapping: kind == .mapping))
        }
    }

    private mutating func close() throws(YAMLProblem) {
        guard let container = open.popLast() else { return }
        tree.close(container.index)
        guard container.isMapping, let first = tree.repeatedKey(of: container.index) else { return }
        let place = tree.entries[first]
        throw YAMLProblem(line: Int(place.line), column: Int(place.column), message: "duplicate key \(tree.text(first))")
    }
}
