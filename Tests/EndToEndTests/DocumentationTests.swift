import Foundation
import TestSupport
import Testing

/// The commands of the README and the articles, read from them and run. Those of the service run in scripts/test-systemd.
@Suite struct DocumentationTests {
    private static let articles = "Sources/Service/BrokerDaemon/Documentation.docc"

    /// The blocks of commands in a document, from a heading to the next one.
    private static func blocks(_ path: String, under heading: String? = nil) throws -> [String] {
        var (blocks, block): ([String], [Substring]?) = ([], nil)
        var isThere = heading == nil
        for line in try TestFiles.text(path).split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("## "), let heading { isThere = line == "## \(heading)" }
            if let known = block, line.hasPrefix("```") {
                blocks.append(known.joined(separator: "\n"))
                block = nil
            } else if isThere, line == "```sh" {
                block = []
            } else {
                block?.append(line)
            }
        }
        return blocks
    }

    /// Runs commands in a folder as a shell does, where curl waits for what was started in the background and fails by its answer.
    private static func run(_ commands: String, in folder: String) throws -> (status: Int32, output: String, errors: String) {
        try TestFiles.write("fail\nsilent\nshow-error\nretry = 40\nretry-delay = 1\nretry-connrefused\n", to: "\(folder)/.curlrc")
        let script = "cd '\(folder)'; trap 'kill $(jobs -p)' EXIT; set -e\n\(commands)\n"
        return try TestFiles.run("/bin/bash", ["-c", script], environment: ["CURL_HOME": folder])
    }

    /// A port that is free now.
    private static func freePort() throws -> UInt16 { try LoopbackListener().port }

    @Test(.timeLimit(.minutes(2))) func `the README's commands without a service serve a token`() async throws {
        try await blocking {
            let block = try #require(try Self.blocks("README.md", under: "Without a service").first)
            let folder = try TestFiles.scratch()
            defer { TestFiles.remove(folder) }
            let (partner, port) = (try Self.freePort(), try Self.freePort())
            func own(_ text: String) -> String { text.replacing("8700", with: "\(partner)").replacing("8653", with: "\(port)") }
            try TestFiles.write(own(try TestFiles.text("config/config.yaml")), to: "\(folder)/config.yaml")
            #expect(block.contains(".build/debug/partner-sandbox &"))
            let commands = own(block).replacing(
                ".build/debug/partner-sandbox &", with: "'\(Daemon.binary("partner-sandbox"))' --port \(partner) > log 2>&1 &"
            )
            .replacing(".build/debug/tokenbroker", with: "'\(Daemon.binary("tokenbroker"))'").replacing(
                "config/config.yaml &", with: "config.yaml 2> log2 &")
            let result = try Self.run(commands, in: folder)
            #expect(result.status == 0 && result.output.contains("\"access_token\":\""), "\(result)")
        }
    }

    @Test(.timeLimit(.minutes(2))) func `the sandbox's article is right to the letter`() async throws {
        try await blocking {
            let blocks = try Self.blocks("\(Self.articles)/PartnerSandbox.md")
            #expect(blocks.count == 2)
            let folder = try TestFiles.scratch()
            defer { TestFiles.remove(folder) }
            let port = try Self.freePort()
            let start = blocks[0].replacing("partner-sandbox", with: "'\(Daemon.binary("partner-sandbox"))'") + " > log 2>&1 &\n"
            let commands = (start + blocks[1]).replacing("8700", with: "\(port)").replacing("token=…", with: "token=x")
            // The last command asks for a token that nobody issued: its answer is 404.
            let result = try Self.run("\(commands) && exit 1 || test $? = 22", in: folder)
            #expect(result.status == 0 && result.output.components(separatedBy: "{\"done\":true}").count == 5, "\(result)")
            #expect(result.output.contains("\"zapper-service\"") && result.errors.hasSuffix("error: 404\n"), "\(result)")
        }
    }

    @Test func `every block of commands belongs to a test`() throws {
        var found: [String: Int] = [:]
        let documents =
            ["README.md", "CONTRIBUTING.md"] + (try TestFiles.names(Self.articles)).filter { $0.hasSuffix(".md") }.map { "\(Self.articles)/\($0)" }
        for document in documents {
            let count = try Self.blocks(document).count
            if count > 0 { found[(document as NSString).lastPathComponent] = count }
        }
        // The README's: the two scripts themselves, two blocks in scripts/test-systemd, one here. Containers': a runtime that no test has.
        #expect(found == ["README.md": 4, "PartnerSandbox.md": 2, "Containers.md": 1])
    }
}
