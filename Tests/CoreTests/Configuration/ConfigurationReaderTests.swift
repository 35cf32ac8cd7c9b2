import Configuration
import OutboundHTTP
import TestSupport
import Testing
import Tokens
import YAML

/// Configurations, right and faulty.
@Suite struct ConfigurationReaderTests {
    /// `reject/NAME.yaml` with what is said about it in `reject/NAME.expected`.
    static let rejected = ((try? TestFiles.names("Tests/Fixtures/config/reject")) ?? []).filter { $0.hasSuffix(".yaml") }

    @Test(arguments: rejected) func `every fault of a configuration is reported with its place`(file: String) throws {
        let yaml = try TestFiles.text("Tests/Fixtures/config/reject/\(file)")
        let expected = try TestFiles.text("Tests/Fixtures/config/reject/\(file.dropLast(5)).expected")
        do throws(ConfigurationFaults) {
            _ = try TestConfiguration.read(yaml)
            Issue.record("accepted")
        } catch {
            #expect(error.faults.filter { !$0.isWarning }.map { "\($0)" }.joined(separator: "\n") + "\n" == expected)
        }
    }

    @Test func `names of tokens, users and groups that are nowhere are warned of`() throws {
        let yaml = """
            listen:
              - {unix: /run/a.sock, group: backup}
            clients:
              one: {user: wwwdata, tokens: [zaper, "zip*"]}
              two: {group: backups, tokens: ["*", {zapper: {tenant: x}}]}
            tokens:
              zapper: {provider: pulsecrm, enabled: false, inputs: {}}
            """
        let accounts = HostAccounts(
            hasUser: { $0 == "www-data" }, hasGroup: { $0 == "backup" }, users: { ["www-data"] }, groups: { ["backup"] })
        let warnings = try ConfigurationReader(readFile: { _ in .success(yaml) }, listFolder: { _ in [] }, accounts: accounts).read("c.yaml").warnings
        #expect(
            warnings.map(\.plainDescription) == [
                "c.yaml:4:15: clients.one.user: there is no user wwwdata on this host; did you mean www-data?",
                "c.yaml:4:33: clients.one.tokens[0]: zaper names no token; did you mean zapper?",
                "c.yaml:4:40: clients.one.tokens[1]: zip* names no token; known tokens: zapper",
                "c.yaml:5:16: clients.two.group: there is no group backups on this host; did you mean backup?",
                "c.yaml:5:48: clients.two.tokens[1].zapper: no token of this name has the per-request input tenant",
            ])
    }

    @Test func `a key that is listed twice is warned of`() throws {
        let key = String(repeating: "ab", count: 32)
        let yaml = "clients:\n  a: {key_sha256: [\(key), \(key)], tokens: []}\n  b: {key_sha256: \(key), tokens: []}\ntokens: {}\n"
        let warnings = try ConfigurationReader(readFile: { _ in .success(yaml) }, listFolder: { _ in [] }).read("c.yaml").warnings
        #expect(
            warnings.map(\.plainDescription) == [
                "c.yaml:2:6: clients.a: lists one key twice", "c.yaml:3:6: clients.b: has a key of a too: who shows it has the rights of both",
            ])
    }

    @Test func `the folder of faulty configurations is not empty`() {
        #expect(Self.rejected.count >= 10)
    }

    @Test(arguments: ["config/config.yaml", "config/config.full.yaml"]) func `the shipped configurations are right`(file: String) throws {
        _ = try TestConfiguration.read(try TestFiles.text(file))
    }

    @Test(arguments: [
        ("{etcd: {endpoints: [\"https://e:2379\"]}, key: {file: /k}}", nil),
        ("{etcd: {endpoints: [\"https://e:2379\"]}}", "needs key next to it"),
        ("{etcd: {endpoints: []}, key: {file: /k}}", "needs at least one member"),
        ("{etcd: {endpoints: [\"http://e:2379\"]}, key: {file: /k}}", "endpoints"),
        ("{etcd: {endpoints: [\"https://e:2379\"], prefix: x}, key: {file: /k}}", "must begin and end with a slash"),
        ("{etcd: {endpoints: [\"https://e:2379\"], cert: /c}, key: {file: /k}}", "must be set together"),
        ("{etcd: {endpoints: [\"https://e:2379\"]}, sqlite: /x, key: {file: /k}}", "combined with sqlite"),
    ]) func `a fleet's store says what it lacks`(store: String, fault: String?) {
        do throws(ConfigurationFaults) {
            _ = try TestConfiguration.read("store: \(store)\ntokens: {}\n")
            #expect(fault == nil)
        } catch {
            #expect(fault.map(error.description.contains) ?? false, "\(error)")
        }
    }

    @Test func `the full configuration names every key that is read, with its default`() throws {
        let full = try TestFiles.text("config/config.full.yaml")
        for file in ["ConfigurationReader", "ListenReader", "ClientReader", "StoreReader", "TokenConfigurationReader"] {
            let source = try TestFiles.text("Sources/Core/Configuration/\(file).swift")
            for match in source.matches(of: #/(?:take|require)\("([a-z_0-9]+)"\)/#) {
                #expect(full.contains(try Regex("(^|[ {#-])\(match.output.1):").anchorsMatchLineEndings()), "\(match.output.1)")
            }
        }
        let (said, defaults) = (try TestConfiguration.read(full), BrokerConfiguration())
        #expect(said.limits == defaults.limits)
        #expect(said.logins == defaults.logins)
        #expect(said.readiness == defaults.readiness)
        #expect(said.isAudited == defaults.isAudited && said.hasOpenMetrics == defaults.hasOpenMetrics)
        #expect(said.listeners.first == defaults.listeners.first)
        let zapper = try #require(said.token("zapper"))
        #expect(zapper.refresh.marginCap == RefreshPolicy().marginCap && zapper.refresh.jitter == RefreshPolicy().jitter)
        // Its default depends on the cause, and has no single value to write.
        #expect(zapper.refresh.latchedRetry == .every(.seconds(6 * 3600)))
        #expect(zapper.connection == ConnectionSettings())
        #expect(said.token("zipteams")?.refresh.idleAfter == .seconds(3600))
        #expect(said.token("zipteams")?.combinations == 100)
    }

    @Test func `what is not said has its default`() throws {
        let configuration = try TestConfiguration.read(
            TestConfiguration.plainProvider + "tokens:\n  a: {provider: plain, inputs: {secret: {value: s}}}\n")
        var expected = BrokerConfiguration()
        expected.tokens = configuration.tokens
        #expect(configuration == expected)
        #expect(configuration.tokens[0].refresh == RefreshPolicy())
    }

    @Test func `a disabled entry is kept in the file and left alone`() throws {
        let configuration = try TestConfiguration.read("tokens:\n  a: {provider: nobody-knows, enabled: false}\n")
        #expect(configuration.tokens.isEmpty)
    }

    @Test func `providers come from the folder too, and a name is defined once`() throws {
        let provider = "provider: mine\nlogin: [{method: GET, url: \"https://h.example/\"}]\ntoken: {from: {body: text}, expires: [{after: 1h}]}\n"
        let files = ["./providers.d/mine.yaml": provider, "./providers.d/readme.txt": "no yaml"]
        #expect(try TestConfiguration.read("tokens: {a: {provider: mine}}", files: files).tokens.count == 1)
        #expect(throws: ConfigurationFaults.self) {
            try TestConfiguration.read("tokens: {}", files: files.merging(["./providers.d/other.yaml": provider]) { $1 })
        }
    }

    @Test func `a deep or large document is refused and nothing overflows`() {
        #expect(throws: ConfigurationFaults.self) { try TestConfiguration.read(String(repeating: "[", count: 200_000)) }
        #expect(throws: ConfigurationFaults.self) { try TestConfiguration.read("a: \"\(String(repeating: "x", count: 300_000))\"") }
    }
}
