import JSON
import YAML

/// What a check found, for people and for machines.
struct CheckReport {
    var configuration: String
    var faults: [ConfigurationFault] = []
    var listeners = ListenerCheck([], service: "")
    var notes: [String] = []
    var results: [LoginChecker.Result] = []

    var hasErrors: Bool { faults.contains { !$0.isWarning } }
    var isGood: Bool { !hasErrors && listeners.faults.isEmpty && results.allSatisfy(\.isGood) }

    var json: JSONValue {
        .object([
            "ok": .bool(isGood),
            "faults": .array(faults.map(\.json)),
            "listeners": .object(["faults": .array(listeners.faults.map { .string($0) }), "notes": .array(listeners.notes.map { .string($0) })]),
            "notes": .array(notes.map { .string($0) }),
            "tokens": .array(results.map(\.json)),
        ])
    }

    /// The results, for standard output.
    var text: String {
        let bad = results.count { !$0.isGood } + listeners.faults.count
        let tokens = "\(results.count) token\(results.count == 1 ? "" : "s")"
        let summary =
            bad == 0
            ? "\(configuration): \(tokens), no faults" : "\(configuration): \(bad) of \(tokens) and \(listeners.faults.count) listeners with faults"
        return (results.map(\.text) + [summary]).joined(separator: "\n")
    }
}

extension ConfigurationFault {
    var json: JSONValue {
        .object([
            "file": .string(file), "line": .integer(Int64(line)), "column": .integer(Int64(column)), "path": .string(path),
            "message": .string(message),
            "warning": .bool(isWarning),
        ])
    }
}
