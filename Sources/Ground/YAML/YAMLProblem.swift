import CYAML

/// A syntax error in terms of what was written: where it began, and what would be right.
struct YAMLProblem: Error {
    let line: Int
    let column: Int
    let message: String

    /// What libyaml found, where `message` is not final yet.
    private var found: Finding?

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
            let isEncoding = unsafe parser.error == YAML_READER_ERROR
            self.init(line: 0, column: 0, message: isEncoding ? "cannot be read as UTF-8: \(problem)" : "cannot be read as YAML")
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
    func explained(in text: String) -> YAMLProblem {
        guard let found else { return self }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        // libyaml reports where it gave up; a quote that is never closed swallows what follows and lies far above.
        if let quote = Self.openQuote(in: lines, upTo: line) {
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
        if above.contains(#/^\s*[A-Za-z0-9_.-]+:[^\s\/]/#) { return "; line \(place + 1) has no space behind its colon" }
        let isWord = above.contains(#/^\s*[A-Za-z0-9_.-]+ +[^:#]+$/#)
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

    /// The first quote at the beginning of a value that is not closed on its line.
    private static func openQuote(in lines: [Substring], upTo last: Int) -> (line: Int, column: Int)? {
        for (index, line) in lines.enumerated().prefix(max(0, last)) {
            if let column = openQuote(in: Array(line.utf8)) { return (index + 1, column) }
        }
        return nil
    }

    /// The column of a quote that begins a value of the line and is not closed on it.
    private static func openQuote(in line: [UInt8]) -> Int? {
        var index = line.prefix { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") }.count
        var startsValue = true
        while index < line.count {
            let byte = line[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if startsValue {
                    guard let end = endOfQuoted(line, from: index) else { return index + 1 }
                    index = end
                }
                // Within a plain value a quote is a character like others.
                startsValue = false
            case UInt8(ascii: "#") where index > 0 && line[index - 1] == UInt8(ascii: " "): return nil
            case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","): startsValue = true
            case UInt8(ascii: " "): startsValue = startsValue || index > 0 && line[index - 1] == UInt8(ascii: ":")
            default: startsValue = false
            }
            index += 1
        }
        return nil
    }

    private static func endOfQuoted(_ line: [UInt8], from start: Int) -> Int? {
        let isDouble = line[start] == UInt8(ascii: "\"")
        var index = start + 1
        while index < line.count, line[index] != line[start] { index += isDouble && line[index] == UInt8(ascii: "\\") ? 2 : 1 }
        return index < line.count ? index : nil
    }
}
