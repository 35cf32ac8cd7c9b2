import ArgumentParser
import Glibc
import JSON
import Secrets

/// The live table: what `/v1/overview` says, sorted, with what changed, cut to the size of the terminal. Pure.
struct LiveTable {
    enum Order: String, CaseIterable, ExpressibleByArgument {
        case trouble, name, expiry, refresh, logins

        static var all: String { allCases.map(\.rawValue).joined(separator: ", ") }
        var next: Order {
            let all = Self.allCases
            return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
        }
    }

    /// One answer, and when it came, in seconds of any clock.
    struct Sample {
        var overview: JSONValue
        var at: Double
    }

    /// Seconds for which a change is marked.
    static let markedFor = 5.0

    private(set) var last: Sample?
    private var before: Sample?
    /// When each row changed, by its name.
    private var changes: [String: Double] = [:]
    var order: Order
    /// Why there is no answer, since when.
    var fault: (text: String, since: String)?

    init(order: Order) { self.order = order }

    /// Takes an answer; rows whose state, token or failure differ from the last one are marked.
    mutating func take(_ sample: Sample) {
        fault = nil
        let earlier = Dictionary(tokens(last).map { (StatusTable.name($0), Self.mark(of: $0)) }) { $1 }
        for token in tokens(sample) {
            let name = StatusTable.name(token)
            if let mark = earlier[name], mark != Self.mark(of: token) { changes[name] = sample.at }
        }
        (before, last) = (last, sample)
    }

    private static func mark(of token: JSONValue) -> [JSONValue?] {
        [token["state"], token["fingerprint"], token["logging_in"], token["last_failure"]]
    }

    private func tokens(_ sample: Sample?) -> [JSONValue] {
        if case .array(let tokens)? = sample?.overview["tokens"] { tokens } else { [] }
    }

    /// - Parameters:
    ///   - size: the terminal's columns and rows.
    ///   - clock: the time of day, as it is shown.
    func text(size: (columns: Int, rows: Int), clock: String, colored: Bool) -> String {
        var lines = [header(clock, width: size.columns, colored: colored)]
        let callers = callerLines(size.columns, colored: colored)
        let tokens = sorted(tokens(last))
        let room = max(1, size.rows - lines.count - callers.count - 3)
        var table = Table(["", "TOKEN", "STATE", "LIFE LEFT", "NEXT REFRESH", "LOGINS", "WHY"])
        for token in tokens.prefix(room) { table.rows.append(row(token)) }
        lines += table.text(colored: colored, width: size.columns).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let shown = min(room, tokens.count)
        let total = max(tokens.count, Int(exactly: last?.overview["tokens_total"]?.integerValue ?? 0) ?? 0)
        if total > shown { lines.append("… \(total - shown) more") }
        lines += advice(tokens, atMost: max(0, min(6, size.rows - lines.count - callers.count - 1)), width: size.columns, colored: colored)
        lines += callers
        lines.append(Table.cut("q quit   s sort (now by \(order.rawValue))", to: size.columns))
        return lines.map { colored ? $0 : Table.cut($0, to: size.columns) }.prefix(max(1, size.rows)).joined(separator: "\n")
    }

    private func header(_ clock: String, width: Int, colored: Bool) -> String {
        if let fault {
            return Table.Color.red.painted(Table.cut("no answer since \(fault.since): \(VisibleText.escaped(fault.text))", to: width), colored)
        }
        return Table.cut("\(clock)  \(VisibleText.escaped(last?.overview["summary"]?.text ?? "…"))", to: width)
    }

    /// What to do about the tokens in trouble, as far as there is room.
    private func advice(_ tokens: [JSONValue], atMost count: Int, width: Int, colored: Bool) -> [String] {
        tokens.compactMap { token in
            guard let failure = token["last_failure"], let advice = failure["advice"]?.text else { return nil }
            return Table.Color.yellow.painted(
                Table.cut(VisibleText.escaped("\(StatusTable.name(token)): \(failure["reason"]?.text ?? ""). \(advice)"), to: width), colored
            )
        }.prefix(count).map { $0 }
    }

    private func row(_ token: JSONValue) -> [Table.Cell] {
        let name = StatusTable.name(token)
        let isMarked = changes[name].map { (last?.at ?? 0) - $0 < Self.markedFor } ?? false
        return [
            Table.Cell(isMarked ? "*" : " ", .bold), Table.Cell(name, isMarked ? .bold : .plain), StatusTable.state(token),
            Table.Cell(StatusTable.words(token["expires_in"]) ?? "-"), Table.Cell(StatusTable.nextRefresh(token)),
            Table.Cell(token["logins"]?.scalarText ?? ""), Self.why(token),
        ]
    }

    /// The last failure, else why the next login is when it is.
    private static func why(_ token: JSONValue) -> Table.Cell {
        let reason = token["next_refresh_reason"]?.text ?? ""
        guard let failure = token["last_failure"]?["reason"]?.text else { return Table.Cell(reason, .faint) }
        return Table.Cell("\(failure): \(reason)", .red)
    }

    private func sorted(_ tokens: [JSONValue]) -> [JSONValue] {
        func number(_ token: JSONValue, _ key: String) -> Double {
            switch token[key] {
            case .integer(let number)?: Double(number)
            case .number(let number)?: number
            default: .infinity
            }
        }
        switch order {
        // As the daemon sends them.
        case .trouble: return tokens
        case .name: return tokens.sorted { StatusTable.name($0) < StatusTable.name($1) }
        case .expiry: return tokens.sorted { number($0, "expires_in") < number($1, "expires_in") }
        case .refresh: return tokens.sorted { number($0, "next_refresh_in") < number($1, "next_refresh_in") }
        case .logins: return tokens.sorted { number($0, "logins") > number($1, "logins") }
        }
    }

    /// The callers with their rates since the answer before, the busiest first.
    private func callerLines(_ width: Int, colored: Bool) -> [String] {
        guard let last, case .array(let callers)? = last.overview["callers"], !callers.isEmpty else { return [] }
        var earlier: [String: Int64] = [:]
        // Counts begin again with the process.
        if let before, before.overview["build"]?["started_at"] == last.overview["build"]?["started_at"],
            case .array(let known)? = before.overview["callers"]
        {
            for caller in known { earlier[caller["name"]?.text ?? ""] = caller["requests"]?.integerValue ?? 0 }
        }
        let time = before.map { last.at - $0.at } ?? 0
        let rated = callers.map { caller -> (rate: Double?, caller: JSONValue) in
            guard time > 0, let requests = caller["requests"]?.integerValue, let then = earlier[caller["name"]?.text ?? ""] else {
                return (nil, caller)
            }
            return ((Double(requests) - Double(then)) / time, caller)
        }
        var table = Table(["CALLER", "PER SECOND", "REQUESTS", "REFUSED"])
        for (rate, caller) in rated.sorted(by: { $0.rate ?? 0 > $1.rate ?? 0 }).prefix(5) {
            let refused = caller["refused"]?.integerValue ?? 0
            table.rows.append([
                Table.Cell(caller["name"]?.text == "-" ? "unknown" : caller["name"]?.text ?? ""), Table.Cell(rate.map(Self.words) ?? "-"),
                Table.Cell(caller["requests"]?.scalarText ?? ""), Table.Cell(String(refused), refused > 0 ? .yellow : .plain),
            ])
        }
        return [""] + table.text(colored: colored, width: width).split(separator: "\n").map(String.init)
    }

    private static func words(_ rate: Double) -> String {
        rate < 10 ? String((rate * 10).rounded() / 10) : String(Int64(min(rate.rounded(), 1e15)))
    }
}
