/// Parses a YAML file into a tree whose nodes know their line and column.
package enum YAMLDocument {
    /// A larger configuration file is a mistake: a hundred thousand tokens take 20 MiB.
    package static let maximumBytes = 64 * 1024 * 1024

    /// Reads a document; a syntax error, a duplicate key or an anchor is a fault and yields nil.
    package static func parse(_ text: String, file: String, faults: FaultList) -> YAMLNode? {
        guard text.utf8.count <= maximumBytes else {
            faults.add(.init(file: file, message: "is larger than 64 MiB"))
            return nil
        }
        let tree = YAMLTree(file: file, faults: faults)
        do throws(YAMLProblem) {
            let hasContent = try YAMLComposer.compose(text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text, into: tree)
            if hasContent { return YAMLNode(tree: tree, index: 0) }
            faults.add(.init(file: file, line: 1, column: 1, message: "is empty"))
        } catch {
            faults.add(.init(file: file, line: error.line, column: error.column, message: error.message))
        }
        return nil
    }
}
