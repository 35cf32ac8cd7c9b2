import JSON

/// Past logins in one line: how many succeeded, why the others failed, how long they took.
struct HistorySummary {
    private(set) var succeeded = 0
    /// Failures by class.
    private(set) var failures: [String: Int] = [:]
    /// Milliseconds of each login that brought a token, the shortest first.
    private var times: [Int64] = []

    /// - Parameter logins: as `/v1/tokens/NAME/history` lists them.
    init(_ logins: [JSONValue]) {
        for login in logins {
            let outcome = login["outcome"]?.text ?? ""
            if outcome == "success" || outcome == "same_token" {
                succeeded += 1
                if let time = login["took_ms"]?.integerValue { times.append(time) }
            } else {
                failures[outcome, default: 0] += 1
            }
        }
        times.sort()
    }

    private var failed: Int { failures.values.reduce(0, +) }

    var text: String {
        let causes = failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let took = times.isEmpty ? "" : "; a login took \(times[times.count / 2]) ms at the median, \(times[times.count - 1]) ms at most"
        return "\(Table.count(succeeded, "login")) succeeded, \(failed) failed\(failed > 0 ? " (\(causes))" : "")\(took)"
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "succeeded": .integer(Int64(succeeded)), "failed": .integer(Int64(failed)),
            "failures": .object(failures.mapValues { .integer(Int64($0)) }),
        ]
        if let last = times.last { (members["median_ms"], members["slowest_ms"]) = (.integer(times[times.count / 2]), .integer(last)) }
        return .object(members)
    }
}
