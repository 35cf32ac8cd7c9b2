import Diagnosis
import Glibc
import JSON
import Secrets

/// The findings of a diagnosis; each is printed as soon as it is known, unless JSON is wanted.
struct FindingList {
    private(set) var all: [Finding] = []
    private let isJSON: Bool

    init(isJSON: Bool) { self.isJSON = isJSON }

    mutating func add(_ findings: [Finding]) {
        all += findings
        guard !isJSON else { return }
        for finding in findings { print(Self.line(finding, colored: Table.isTerminal)) }
        fflush(nil)
    }

    func count(_ level: Finding.Level) -> Int { all.count { $0.level == level } }

    static func line(_ finding: Finding, colored: Bool) -> String {
        let color: Table.Color =
            switch finding.level {
            case .ok: .green
            case .warning: .yellow
            case .fault: .red
            }
        let level = padded(finding.level.rawValue, 7)
        let shown = color.painted(level, colored)
        let text = VisibleText.escaped(finding.text)
        return "\(shown)  \(padded(finding.subject, 13))  \(text)" + (finding.mend.map { "\n\(padded("", 24))→ \(VisibleText.escaped($0))" } ?? "")
    }

    private static func padded(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }

    func finish() {
        if isJSON {
            let counts = JSONValue.object([
                "ok": .integer(Int64(count(.ok))), "warning": .integer(Int64(count(.warning))), "fault": .integer(Int64(count(.fault))),
            ])
            print(JSONValue.object(["ok": .bool(count(.fault) == 0), "counts": counts, "findings": .array(all.map(\.json))]).jsonText)
        } else {
            let parts = [("ok", count(.ok)), ("warning", count(.warning)), ("fault", count(.fault))].map { name, count in
                "\(count) \(name)\(count == 1 || name == "ok" ? "" : "s")"
            }
            print(parts.joined(separator: ", "))
        }
    }
}
