import Glibc

/// A table with aligned columns, coloured only on a terminal.
struct Table {
    enum Color: String {
        case plain = "0", green = "32", yellow = "33", red = "31", faint = "2"
    }

    struct Cell {
        var text: String
        var color = Color.plain

        init(_ text: String, _ color: Color = .plain) {
            self.text = text
            self.color = color
        }
    }

    let header: [String]
    var rows: [[Cell]] = []

    init(_ header: [String]) {
        self.header = header
    }

    static var isTerminal: Bool { isatty(1) == 1 }

    func text(colored: Bool = isTerminal) -> String {
        let all = [header.map { Cell($0, .faint) }] + rows
        let widths = header.indices.map { column in all.map { $0[column].text.count }.max() ?? 0 }
        return all.map { row in
            let cells = row.enumerated().map { column, cell in
                let isLast = column == row.count - 1
                let padded = isLast ? cell.text : cell.text + String(repeating: " ", count: widths[column] - cell.text.count)
                return colored && cell.color != .plain ? "\u{1B}[\(cell.color.rawValue)m\(padded)\u{1B}[0m" : padded
            }
            return cells.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
