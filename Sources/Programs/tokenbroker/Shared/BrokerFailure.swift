import ArgumentParser
import JSON

/// Why the daemon did not do what it was asked for.
struct BrokerFailure: Error {
    var code: ExitCode
    /// For people: lower-case start, no full stop.
    var text: String
    /// For machines: the problem.
    var json: JSONValue?

    init(_ code: ExitCode, _ text: String, json: JSONValue? = nil) {
        (self.code, self.text, self.json) = (code, text, json)
    }
}
