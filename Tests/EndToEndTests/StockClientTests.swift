import Foundation
import JSON
import TestSupport
import Testing

/// The HTTP clients of other languages, as they come: each asks for a token and reports a rejection, over TCP and, where it can, over the unix
/// socket. Those that are not installed have no case.
@Suite struct StockClientTests {
    struct Client: Sendable, CustomTestStringConvertible {
        let words: [String]
        /// How many answers it prints.
        let answers: Int

        init(_ words: String..., answers: Int = 2) {
            self.words = words
            self.answers = answers
        }

        var testDescription: String { words.last ?? "" }
    }

    static let clients = [
        Client("/bin/sh", "curl.sh", answers: 3), Client("/bin/sh", "wget.sh"), Client("/usr/bin/python3", "python-requests.py"),
        Client("/usr/bin/python3", "python-httpx.py", answers: 4), Client("/usr/bin/python3", "python-aiohttp.py", answers: 4),
        Client("/usr/bin/node", "node-fetch.mjs"), Client("/usr/bin/node", "node-http.mjs", answers: 4), Client("/usr/bin/java", "Client.java"),
        Client("/usr/bin/perl", "tiny.pl"), Client("/usr/bin/php", "client.php"), Client("/usr/bin/ruby", "client.rb"),
        Client("/usr/bin/go", "run", "client.go", answers: 4),
    ]

    /// What each file needs beside its interpreter.
    private static let modules = ["python-requests.py": "requests", "python-httpx.py": "httpx", "python-aiohttp.py": "aiohttp"]

    private static func isInstalled(_ client: Client) -> Bool {
        guard FileManager.default.isExecutableFile(atPath: client.words[0]) else { return false }
        switch client.testDescription {
        case "wget.sh": return FileManager.default.isExecutableFile(atPath: "/usr/bin/wget")
        // The first release with fetch.
        case "node-fetch.mjs": return (try? TestFiles.run("/usr/bin/node", ["-e", "process.exit(typeof fetch === 'function' ? 0 : 1)"]))?.status == 0
        case let file:
            guard let module = modules[file] else { return true }
            return (try? TestFiles.run("/usr/bin/python3", ["-c", "import \(module)"]))?.status == 0
        }
    }

    @Test(arguments: clients.filter(isInstalled)) func `a stock client is served without options of ours`(client: Client) async throws {
        try await blocking {
            let daemon = try Daemon { yaml, folder in
                yaml.replacing("  - tcp: 127.0.0.1:0", with: "  - tcp: 127.0.0.1:0\n  - unix: \(folder)/open/api.sock\n    mode: \"0666\"")
            }
            let file = "\(Repository.root)/Tests/Clients/\(client.testDescription)"
            let arguments = client.words.dropFirst().dropLast() + [file, "http://\(daemon.address)", "demo", "\(daemon.folder)/open/api.sock"]
            let home = ["HOME": daemon.folder, "GOCACHE": "/tmp/tokenbroker-tests-go", "PYTHONDONTWRITEBYTECODE": "1", "no_proxy": "*"]
            let outcome = try TestFiles.run(client.words[0], Array(arguments), environment: home)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let answers = outcome.output.split(separator: "\n").compactMap { JSONValue(parsing: Array($0.utf8)) }
            #expect(answers.count == client.answers, "\(outcome.output)")
            #expect(answers.allSatisfy { $0["access_token"]?.text != nil || $0["action"]?.text == "already_replaced" }, "\(outcome.output)")
            #expect(answers.contains { $0["action"] != nil } && answers.contains { $0["access_token"] != nil })
        }
    }
}
