import Glibc
import Secrets

/// A table with aligned columns, coloured only on a terminal.
struct Table {
    enum Color: String {
        case plain = "0", bold = "1", green = "32", yellow = "33", red = "31", faint = "2"

        /// A text in this colour (console_codes(4)), where the output takes colours.
        func painted(_ text: String, _ isColored: Bool) -> String {
            isColored && self != .plain ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
        }
    }

    struct Cell {
        var text: String
        var color = Color.plain

        /// - Parameter text: shown with everything escaped that a terminal would obey: callers and partners have written parts of it.
        init(_ text: String, _ color: Color = .plain) {
            self.text = VisibleText.escaped(text)
            self.color = color
        }
    }

    let header: [String]
    var rows: [[Cell]] = []

    init(_ header: [String]) {
        self.header = header
    }

    static var isTerminal: Bool { isatty(1) == 1 }

    /// - Parameter width: the columns of the terminal: longer lines end with an ellipsis; nil: lines are whole.
    func text(colored: Bool = isTerminal, width: Int? = nil) -> String {
        let all = [header.map { Cell($0, .faint) }] + rows
        let widths = header.indices.map { column in all.map { $0[column].text.count }.max() ?? 0 }
        return all.map { row in
            var room = width ?? .max
            let cells = row.enumerated().compactMap { column, cell -> String? in
                guard room > 0 else { return nil }
                let isLast = column == row.count - 1
                let padded = Self.cut(isLast ? cell.text : cell.text + String(repeating: " ", count: widths[column] - cell.text.count), to: room)
                room -= padded.count + 2
                return cell.color.painted(padded, colored)
            }
            return cells.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// A number with its noun: "1 login", "2 logins".
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    static func cut(_ text: String, to width: Int) -> String {
        text.count <= width ? text : "\(text.prefix(max(0, width - 1)))…"
    }
}
