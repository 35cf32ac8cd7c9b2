import ArgumentParser
import Glibc
import HTTPTypes
import JSON

/// The token named on the command line and the values of its per-request inputs.
struct TokenArguments: ParsableArguments {
    @Argument(help: "The token's name.", completion: Completion.tokens)
    var name: String

    @Option(name: .customLong("input"), help: ArgumentHelp("A per-request input. May be given several times.", valueName: "NAME=VALUE"))
    var inputs: [String] = []

    /// - Parameters:
    ///   - minValid: the least remaining lifetime, in seconds.
    ///   - wait: how long to wait for a usable token, in seconds.
    func query(minValid: Int? = nil, wait: Int? = nil) throws -> [(String, String)] {
        let numbers = [("min_valid", minValid), ("wait", wait)].compactMap { name, number in number.map { (name, String($0)) } }
        return try inputs.map { try KeyValue($0).pair } + numbers
    }

    /// Gives the daemon an order about the token and returns its answer.
    ///
    /// - Parameter verb: the last segment of the order's path, such as `refresh`.
    /// - Throws: an exit code, after the problem was reported on standard error.
    func order(_ verb: String) async throws -> JSONValue {
        try await BrokerClient().json(.post, BrokerClient.path("v1", "tokens", name, verb, query: try query()), body: [])
    }

    /// Gives an order that is answered with the token's status, and prints that.
    func printStatus(after verb: String, json: Bool) async throws {
        let answer = try await order(verb)
        print(json ? answer.jsonText : StatusTable.text([answer]))
    }
}
