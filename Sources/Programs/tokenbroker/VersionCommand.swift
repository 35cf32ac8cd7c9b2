import ArgumentParser
import BrokerDaemon
import JSON

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() {
        print(json ? JSONValue.object(["version": .string(Version.current)]).jsonText : "tokenbroker \(Version.current)")
    }
}
