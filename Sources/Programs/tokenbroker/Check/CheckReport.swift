import Diagnosis
import JSON
import YAML

/// What a check found, for people and for machines.
struct CheckReport {
    var configuration: String
    var faults: [ConfigurationFault] = []
    var listeners = ListenerCheck([], service: "")
    var notes: [String] = []
    var results: [LoginChecker.Result] = []
    /// The tokens of the configuration that were checked.
    var tokens = 0
    /// What is wrong with the store.
    var store: [String] = []

    var hasErrors: Bool { faults.contains { !$0.isWarning } }
    var isGood: Bool { !hasErrors && listeners.faults.isEmpty && store.isEmpty && results.allSatisfy(\.isGood) }

    var json: JSONValue {
        .object([
            "ok": .bool(isGood),
            "faults": .array(faults.map(\.json)),
            "listeners": .object(["faults": .array(listeners.faults.map { .string($0) }), "notes": .array(listeners.notes.map { .string($0) })]),
            "store": .array(store.map { .string($0) }),
            "notes": .array(notes.map { .string($0) }),
            "tokens": .array(results.map(\.json)),
        ])
    }

    /// The results, for standard output.
    var text: String {
        let bad = results.count { !$0.isGood }
        let untried = results.count { !$0.isTried }
        var parts = [Self.number(tokens, "token")]
        if bad > 0 { parts.append("\(Self.number(bad, "token")) with faults") }
        if untried > 0 { parts.append("\(untried) not tried") }
        if !listeners.faults.isEmpty { parts.append("\(Self.number(listeners.faults.count, "listener")) with faults") }
        if !store.isEmpty { parts.append("the store with faults") }
        return (results.map(\.text) + ["\(configuration): \(parts.joined(separator: ", "))\(isGood ? ", no faults" : "")"]).joined(separator: "\n")
    }

    private static func number(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
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
