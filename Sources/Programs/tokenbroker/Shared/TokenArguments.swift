import ArgumentParser
import Glibc

/// The token named on the command line and the values of its per-request inputs.
struct TokenArguments: ParsableArguments {
    @Argument(help: "The token's name.")
    var name: String

    @Option(name: .customLong("input"), help: ArgumentHelp("A per-request input. May be given several times.", valueName: "NAME=VALUE"))
    var inputs: [String] = []

    func query() throws -> [(String, String)] {
        try inputs.map { try KeyValue($0).pair }
    }
}
