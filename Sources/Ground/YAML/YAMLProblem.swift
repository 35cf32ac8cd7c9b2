import CYAML

/// A syntax error in terms of what was written: where it began, and what would be right.
struct YAMLProblem: Error {
    let line: Int
    let column: Int
    let message: String

    /// What libyaml found, where `message` is not final yet.
    private var found: Finding?
    /// Where a byte stands that no text has.
    private var offset: Int?

    private struct Finding {
        var context: (text: String, line: Int, column: Int)?
        var problem: String
    }

    init(line: Int, column: Int, message: String) {
        self.line = line
        self.column = column
        self.message = message
    }

    /// A problem that is explained once the text is at hand.
    init(problem: String, line: Int, column: Int) {
        self.init(line: line, column: column, message: problem)
        found = Finding(problem: problem)
    }

    /// What the parser gave up on.
    init(_ parser: yaml_parser_t) {
        let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "no memory"
        guard unsafe parser.error == YAML_SCANNER_ERROR || parser.error == YAML_PARSER_ERROR else {
            let isUnreadable = unsafe parser.error == YAML_READER_ERROR
            self.init(line: 0, column: 0, message: isUnreadable ? "cannot be read: \(problem)" : "cannot be read as YAML")
            if isUnreadable { offset = unsafe Int(parser.problem_offset) }
            return
        }
        let place = unsafe parser.problem_mark
        self.init(problem: problem, line: Int(place.line) + 1, column: Int(place.column) + 1)
        if let context = unsafe parser.context {
            let mark = unsafe parser.context_mark
            found?.context = unsafe (String(cString: context), Int(mark.line) + 1, Int(mark.column) + 1)
        }
    }

    /// In terms of what was written.
    ///
    /// - Parameter quoted: the last quoted text over several lines.
    func explained(in text: String, behind quoted: (line: Int, column: Int, end: Int)?) -> YAMLProblem {
        if let offset {
            // libyaml counts characters, and so do columns.
            let before = String(decoding: text.utf8.prefix(offset), as: UTF8.self)
            let start = before.lastIndex { $0.isNewline }.map { before.index(after: $0) } ?? before.startIndex
            return YAMLProblem(
                line: before.count { $0.isNewline } + 1, column: before[start...].unicodeScalars.count + 1, message: message)
        }
        guard let found else { return self }
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" || $0 == "\r" }
        // libyaml reports where it gave up; a quote that is never closed swallows what follows and lies far above.
        let open = found.context.flatMap { $0.text.contains("quoted scalar") ? (line: $0.line, column: $0.column) : nil }
        if let quote = open ?? quoted.flatMap({ $0.end == line ? (line: $0.line, column: $0.column) : nil }) {
            return YAMLProblem(
                line: quote.line, column: quote.column,
                message: "the quote that opens here is not closed on this line; the file makes no sense from line \(line) on")
        }
        if let context = found.context, context.text.contains("flow mapping") || context.text.contains("flow sequence") {
            return YAMLProblem(
                line: context.line, column: context.column,
                message: "the bracket that opens here is not closed, or a comma is missing, before line \(line), column \(column)")
        }
        let before = found.context.map { "\($0.text) " } ?? ""
        let hint = Self.colon(above: line, in: lines) ?? Self.hint(found.problem, lines.indices.contains(line - 1) ? lines[line - 1] : "")
        return YAMLProblem(line: line, column: column, message: "\(before)\(found.problem)\(hint)")
    }

    /// A key above, without a space behind its colon or without a colon: what follows it is where the parser gave up.
    private static func colon(above line: Int, in lines: [Substring]) -> String? {
        guard
            let place = lines.prefix(max(0, line - 1)).lastIndex(where: {
                !$0.allSatisfy(\.isWhitespace) && !$0.trimmingPrefix(while: { $0 == " " }).hasPrefix("#")
            })
        else { return nil }
        let above = lines[place]
        if above.contains("\u{A0}") { return "; line \(place + 1) holds a no-break space: write a plain one" }
        let content = above.drop { $0 == " " || $0 == "\t" }
        let rest = content.drop { $0.isASCII && ($0.isLetter || $0.isNumber) || "_.-".contains($0) }
        guard rest.startIndex > content.startIndex, let next = rest.first else { return nil }
        if next == ":" {
            let isTight = rest.dropFirst().first.map { !$0.isWhitespace && $0 != "/" } ?? false
            return isTight ? "; line \(place + 1) has no space behind its colon" : nil
        }
        let isWord = next == " " && !rest.allSatisfy { $0 == " " } && !rest.contains { $0 == ":" || $0 == "#" }
        return isWord ? "; line \(place + 1) has no colon behind its key" : nil
    }

    /// What would be right, for the mistakes that are made most.
    private static func hint(_ problem: String, _ line: Substring) -> String {
        if line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") { return "; indent with spaces, not tabs" }
        switch problem {
        case "mapping values are not allowed in this context":
            return "; put a value that holds \": \" into quotes, and indent keys of one mapping alike"
        case "found character that cannot start any token": return "; put a value that begins with @, `, % or a tab into quotes"
        case "did not find expected key", "did not find expected '-' indicator":
            return "; a line is indented differently from the lines above, or a quote or bracket stands where none belongs"
        case "did not find expected alphabetic or numeric character", "found undefined alias":
            return "; a value that begins with * or & needs quotes, such as \"*\""
        case "found unknown escape character": return "; between double quotes a backslash begins an escape: use single quotes"
        default: return ""
        }
    }
}
