import ArgumentParser
import Diagnosis
import JSON
import Testing
import YAML

@testable import tokenbroker

/// The command line's own decisions: what it accepts, and what it prints.
@Suite struct CommandLineTests {
    // MARK: Arguments

    @Test(arguments: [
        ["get", "a"], ["get", "a", "--format", "git", "get"], ["get", "a", "--format", "keyring", "get", "https://x", "--mode", "creds"],
        ["get", "a", "--format", "docker", "--username", "u", "--host", "h", "get"], ["exec", "a", "--", "true"],
        ["exec", "a", "--as", "_T1", "--", "true", "--version"], ["history", "a", "--since", "90m", "--last", "1"], ["serve", "--config", "x"],
    ])
    func `these are commands`(arguments: [String]) async throws {
        _ = try await TokenBrokerCommand.asyncParseAsRoot(arguments)
    }

    @Test(arguments: [
        (["get", "a", "get"], "has none"), (["get", "a", "--username", "u"], "--username"), (["get", "a", "--host", "h"], "--host"),
        (["get", "a", "--format", "git", "--username", "a\nb"], "control character"), (["get", "a", "--format", "git", "get", "--mode"], "--mode"),
        (["get", "a", "--format", "xml"], "xml"), (["get"], "name"), (["exec", "a"], "after --"), (["exec", "a", "--as", "1a", "--", "x"], "1a"),
        (["exec", "a", "--as", "a-b", "--", "x"], "a-b"), (["exec", "a", "--as", "", "--", "x"], "variable"),
        (["history", "a", "--last", "0"], "at least 1"),
        (["history", "a", "--since", "0s"], "0s"), (["history", "a", "--since", "soon"], "soon"),
        (["serve", "--config", "a", "--config", "b"], "2 times"),
        (["gte", "a"], "gte"),
    ])
    func `a wrong command names what is wrong, and ends with 64`(arguments: [String], words: String) async {
        let error = await #expect(throws: (any Error).self) { try await TokenBrokerCommand.asyncParseAsRoot(arguments) }
        guard let error else { return }
        #expect(TokenBrokerCommand.fullMessage(for: error).contains(words))
        #expect(TokenBrokerCommand.exitCode(for: error).rawValue == 64)
    }

    @Test func `a pair is cut at the first equals sign`() throws {
        let pair = try KeyValue("tenant=a=b").pair
        #expect(pair == ("tenant", "a=b"))
        #expect(try KeyValue("tenant=").pair == ("tenant", ""))
        for text in ["=a", "a", ""] { #expect(throws: ValidationError.self) { try KeyValue(text) } }
    }

    @Test func `a path's segments and query are percent-encoded`() {
        #expect(BrokerClient.path("v1", "a/b") == "/v1/a%2Fb")
        #expect(BrokerClient.path("v1", query: [("q", "ä b"), ("r", "")]) == "/v1?q=%C3%A4%20b&r=")
    }

    // MARK: Tokens in the form of a program

    private static let answer: JSONValue = .object([
        "access_token": "it's", "expires_at": "2027-01-15T08:00:00Z", "headers": .object(["Authorization": "Bearer \"a\\b\"", "X-Key": "k"]),
    ])

    @Test(arguments: [
        (TokenFormat.bare, "it's"), (.keyring, "it's"), (.env, "A_B_TOKEN='it'\\''s'"), (.header, "Authorization: Bearer \"a\\b\"\nX-Key: k"),
        (.curl, "header = \"Authorization: Bearer \\\"a\\\\b\\\"\"\nheader = \"X-Key: k\""), (.git, "username=wanted\npassword=it's"),
        (.docker, #"{"Secret":"it's","ServerURL":"username=wanted","Username":"token"}"#),
    ])
    func `a token has the form that a program wants`(format: TokenFormat, expected: String) {
        #expect(TokenText(Self.answer, name: "a-b", input: "username=wanted\n").lines(format) == expected)
    }

    @Test func `a variable's name is one that a shell takes`() {
        #expect(TokenText.variable("zapper-jo") == "ZAPPER_JO_TOKEN")
        #expect(TokenText.variable("2nd.one") == "_2ND_ONE_TOKEN")
    }

    @Test func `a token that is not sent in headers alone has no header lines, and the message says so`() {
        for key in ["query", "json"] {
            guard case .object(var members) = Self.answer else { return }
            members[key] = .object(["a": "b"])
            let text = TokenText(.object(members), name: "a")
            #expect(text.lines(.header) == nil && text.lines(.curl) == nil && text.lines(.bare) == "it's")
        }
        #expect(TokenText(.object(["access_token": "t"]), name: "a").lines(.header) == nil)
        #expect(TokenText(Self.answer, name: "a").problem(.curl).hasPrefix("a is not sent in headers alone"))
    }

    @Test func `aws gets keys from use-json or from kept values, or else the reason`() throws {
        let kept: JSONValue = .object(["access_token": "s", "values": .object(["access_key_id": "I", "secret_access_key": "K"])])
        let json = try #require(TokenText(kept, name: "a").lines(.aws).flatMap { JSONValue(parsing: Array($0.utf8)) })
        #expect(json == .object(["Version": 1, "AccessKeyId": "I", "SecretAccessKey": "K", "SessionToken": "s"]))
        #expect(TokenText(Self.answer, name: "a").lines(.aws) == nil)
        #expect(TokenText(Self.answer, name: "a").problem(.aws).contains("access_key_id"))
    }

    @Test func `kubectl gets an ExecCredential with the token's end`() throws {
        let json = try #require(TokenText(Self.answer, name: "a").lines(.kubectl).flatMap { JSONValue(parsing: Array($0.utf8)) })
        #expect(json["kind"] == "ExecCredential")
        #expect(json["status"] == .object(["token": "it's", "expirationTimestamp": "2027-01-15T08:00:00Z"]))
    }

    @Test(arguments: [
        (["--format", "git"], "protocol=https\nhost=Git.example.com\n", true), (["--format", "git"], "host=git.example.org\n", false),
        (["--format", "git"], "", false), (["--format", "docker"], "https://git.example.com/v1/\n", true),
        (["--format", "docker"], "git.example.com.evil\n", false),
        (["--format", "keyring", "get", "https://git.example.com/simple/", "u"], "", true),
        (["--format", "keyring", "get", "other.org", "u"], "", false),
    ])
    func `a helper answers for its host alone`(arguments: [String], input: String, isFor: Bool) async throws {
        let command = try await GetCommand.asyncParse(["a", "--host", "git.example.com"] + arguments)
        #expect(command.isForHost(input) == isFor)
    }

    // MARK: Reports

    @Test func `a table is aligned, cut to the terminal, and coloured only where asked`() {
        var table = Table(["A", "LONG"])
        table.rows.append([Table.Cell("abc", .green), Table.Cell("x")])
        #expect(table.text(colored: false) == "A    LONG\nabc  x")
        #expect(table.text(colored: true).contains("\u{1B}[32mabc\u{1B}[0m"))
        #expect(table.text(colored: false, width: 7) == "A    L…\nabc  x")
        #expect(Table.count(1, "login") == "1 login" && Table.count(0, "login") == "0 logins")
        #expect(Table.cut("abc", to: 3) == "abc" && Table.cut("abcd", to: 3) == "ab…")
    }

    @Test func `a finding shows its level, its subject and the mend below`() {
        let line = FindingList.line(Finding(.fault, "store", "gone\u{1B}[2J", mend: "make it"), colored: false)
        #expect(line == "fault    store          gone\\u{1b}[2J\n                        → make it")
        #expect(FindingList.line(Finding(.ok, "store", "there"), colored: true).hasPrefix("\u{1B}[32mok     \u{1B}[0m"))
    }

    @Test func `a check counts what is wrong, and is good only without any fault`() {
        var report = CheckReport(configuration: "c.yaml")
        report.tokens = 2
        report.results = [
            LoginChecker.Result(token: "a", isGood: true, lines: []), LoginChecker.Result(token: "b", isGood: true, isTried: false, lines: ["x"]),
        ]
        #expect(report.isGood && report.text == "ok    a\n-     b\n      x\nc.yaml: 2 tokens, 1 not tried, no faults")
        report.faults = [ConfigurationFault(file: "c.yaml", line: 1, column: 1, path: "a", message: "odd", isWarning: true)]
        #expect(report.isGood && !report.hasErrors)
        report.results[0].isGood = false
        #expect(!report.isGood && report.text.hasPrefix("wrong a\n") && report.text.hasSuffix("c.yaml: 2 tokens, 1 token with faults, 1 not tried"))
        #expect(report.json["ok"] == false)
        report.results[0].isGood = true
        report.store = ["full"]
        #expect(!report.isGood && report.text.contains("the store with faults"))
        report.store = []
        report.faults[0] = ConfigurationFault(file: "c.yaml", line: 1, column: 1, path: "a", message: "odd")
        #expect(!report.isGood && report.hasErrors)
    }
}
