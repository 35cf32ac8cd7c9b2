import JSON
import Observability
import Secrets
import Time

/// A table of tokens: state, remaining life and the next refresh in words.
enum StatusTable {
    /// - Parameter summary: the daemon's own summary, where this caller may see it.
    static func text(_ tokens: [JSONValue], summary: String? = nil) -> String {
        var table = Table(["TOKEN", "PROVIDER", "STATE", "LIFE LEFT", "NEXT REFRESH", "LOGINS", "FINGERPRINT", "LAST FAILURE"])
        for token in tokens {
            table.rows.append([
                Table.Cell(name(token)), Table.Cell(token["provider"]?.text ?? ""), state(token), Table.Cell(words(token["expires_in"]) ?? "-"),
                Table.Cell(nextRefresh(token)), Table.Cell(token["logins"]?.scalarText ?? ""), Table.Cell(token["fingerprint"]?.text ?? "-"),
                failure(token),
            ])
        }
        return table.text() + "\n\(VisibleText.escaped(summary ?? self.summary(tokens).text))"
    }

    /// A summary of the tokens that this caller may see.
    private static func summary(_ tokens: [JSONValue]) -> ServiceSummary {
        let whole = tokens.filter { $0["inputs"] == nil }
        let missing = whole.filter { $0["fingerprint"] == nil && $0["state"] != "fresh" && $0["state"] != "stale" }.compactMap { $0["name"]?.text }
        let next = tokens.compactMap { token -> Duration? in
            switch token["next_refresh_in"] {
            case .integer(let seconds)?: .seconds(seconds)
            case .number(let seconds)?: .milliseconds(Int64(seconds * 1000))
            default: nil
            }
        }
        return ServiceSummary(tokens: whole.count, missing: missing, nextRenewal: next.min())
    }

    static func name(_ token: JSONValue) -> String {
        let name = token["name"]?.text ?? ""
        guard case .object(let inputs)? = token["inputs"] else { return name }
        return "\(name) (\(inputs.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text ?? "")" }.joined(separator: ", ")))"
    }

    static func state(_ token: JSONValue) -> Table.Cell {
        let state = token["state"]?.text ?? ""
        switch state {
        case "fresh": return Table.Cell(state, .green)
        case "stale", "pending", "idle": return Table.Cell(state, .yellow)
        default: return Table.Cell(state, .red)
        }
    }

    static func nextRefresh(_ token: JSONValue) -> String {
        if token["logging_in"] == true { return "now" }
        return words(token["next_refresh_in"]).map { "in \($0)" } ?? "-"
    }

    static func failure(_ token: JSONValue) -> Table.Cell {
        guard let failure = token["last_failure"] else { return Table.Cell("-", .faint) }
        return Table.Cell("\(failure["class"]?.text ?? ""): \(failure["reason"]?.text ?? "")", .red)
    }

    private static func words(_ seconds: Double) -> String {
        let bounded = min(max(seconds, -1e9), 1e9)
        return (bounded < 0 ? "-" : "") + DurationSyntax.words(.seconds(abs(bounded)))
    }

    static func words(_ seconds: JSONValue?) -> String? {
        switch seconds {
        case .integer(let number)?: words(Double(number))
        case .number(let number)?: words(number)
        default: nil
        }
    }
}
