import Configuration
import HTTPTypes
import JSON
import OutboundHTTP
import Providers
import Secrets
import TestSupport
import Testing
import Tokens
import XML
import YAML

@testable import Login

/// Values in their places.
@Suite struct RequestRenderingTests {
    private func values(_ pairs: [String: String]) -> ValueScope { ValueScope(pairs.mapValues { Array($0.utf8) }) }

    @Test func `a value stays one value wherever it stands`() throws {
        let url = try URLTemplate("{base_url}/a/{id}/b?x={id}&y=1&z={gone}")
        let text = try url.render(values(["base_url": "https://h.example/p/", "id": "ä/?&{id}"]))
        #expect(text == "https://h.example/p/a/%C3%A4%2F%3F%26%7Bid%7D/b?x=%C3%A4%2F%3F%26%7Bid%7D&y=1")
    }

    private static let steps = """
        providers:
          - provider: steps
            inputs: {base_url: {kind: url}, secret: {secret: true}}
            hosts: ["*.example.net", "api.example.org:8443"]
            login:
              - {method: GET, url: "{base_url}/find", keep: {api: {json: /api, kind: url}}}
              - {method: POST, url: "{steps.0.api}/token", json: {secret: "{secret}", at: "{base_url}"}}
            token: {from: {json: /access_token}, expires: [{after: 1h}]}
        tokens:
          a: {provider: steps, inputs: {base_url: "https://start.example.com:444/v1/", secret: {value: s}}}
        """

    /// The URL of the second request when the first one's answer names this one.
    private func second(_ api: String) throws -> String {
        let configuration = try TestConfiguration.read(Self.steps)
        let inputs = ["base_url": "https://start.example.com:444/v1", "secret": "s"]
        var run = LoginRun(configuration.tokens[0].provider, values: values(inputs), environment: .fixed)
        _ = try run.request()
        _ = try run.receive(.make(200, "{\"api\": \"\(api)\"}", clocks: FakeClocks()))
        return try run.request().url
    }

    @Test(arguments: [
        "https://start.example.com:444/other", "https://a.example.net", "https://b.a.example.net/x", "https://A.EXAMPLE.net",
        "https://a.example.net:444",
        "https://api.example.org:8443/v2",
    ])
    func `a kept URL leads to the origin of the base URL, or to a host that is listed`(api: String) throws {
        #expect(try second(api) == "\(api)/token")
    }

    @Test(arguments: [
        "http://start.example.com:444", "http://127.0.0.1:80", "https://start.example.com", "https://start.example.com:445", "https://example.net",
        "https://evil-example.net", "https://a.example.net.evil", "https://a.example.net:8443", "https://api.example.org", "http://a.example.net",
        "https://a.example.net@evil.example", "https://evil.example/?a.example.net", "https://start.example.com.evil:444", "ftp://a.example.net", "",
    ])
    func `a kept URL that leads elsewhere is a bad reply`(api: String) {
        let failure = #expect(throws: LoginFailure.self) { try second(api) }
        #expect(failure?.failureClass == .badReply)
    }

    @Test(arguments: [
        (#"kind: url}}}"#, "}}}", "kept value of kind: url"), (#""*.example.net""#, #""*""#, "must be a host"),
        (#""*.example.net""#, #""*.net""#, "must be a host"),
        (#""*.example.net""#, #""https://a.example.net""#, "must be a host"),
        ("{after: 1h}]", "{after: 1h}], keep: {base_url: {json: /b}}", "begins URLs"),
    ])
    func `a URL from an answer that could lead anywhere is a fault`(part: String, instead: String, fault: String) throws {
        let text = Self.steps.replacing(part, with: instead)
        #expect(text != Self.steps)
        let faults = #expect(throws: ConfigurationFaults.self) { try TestConfiguration.read(text) }
        #expect(faults?.description.contains(fault) == true, "\(String(describing: faults))")
    }

    @Test func `a base URL's final slash is dropped wherever it stands`() async throws {
        let configuration = try TestConfiguration.read(Self.steps)
        let transport = FakeTransport { request, number throws(TransportFault) in
            .make(200, number == 1 ? #"{"api": "https://a.example.net"}"# : #"{"access_token": "0123456789"}"#, clocks: FakeClocks())
        }
        let bench = LoginPerformer(
            clocks: FakeClocks(), transport: transport, secrets: FakeSecrets(), gate: LoginGate(bounds: LoginBounds(), clocks: FakeClocks()),
            inputs: NoTokens())
        let report = await bench.login(configuration.tokens[0], inputs: try await bench.ownInputs(configuration.tokens[0]))
        #expect((try? report.outcome.get()) != nil)
        #expect(transport.requests[0].url == "https://start.example.com:444/v1/find")
        #expect(String(decoding: transport.requests[1].body ?? [], as: UTF8.self) == #"{"secret":"s","at":"https://start.example.com:444/v1"}"#)
    }

    private struct NoTokens: TokenInputs {
        func token(for name: String) async throws(LoginFailure) -> Token { throw LoginFailure(.waiting, "there is none") }
        func replacement(for name: String, refused: Token) async -> Token? { nil }
    }

    @Test(arguments: ["", ".", ".."]) func `a path takes no empty and no dotted segment`(segment: String) throws {
        let url = try URLTemplate("https://h.example/{id}")
        #expect(throws: LoginFailure.self) { try url.render(values(["id": segment])) }
    }

    @Test(arguments: ["a\r\nX: y", "a\u{0}", "caf\u{e9}"]) func `a header takes no line break, NUL or non-ASCII`(value: String) throws {
        let provider = TestConfiguration.plainProvider.replacing("json: {secret: \"{secret}\"}", with: "headers: {x-key: \"{secret}\"}")
        let configuration = try TestConfiguration.read(provider + "tokens:\n  a: {provider: plain, inputs: {secret: {value: s}}}\n")
        var run = LoginRun(configuration.tokens[0].provider, values: values(["secret": value]), environment: .fixed)
        #expect(throws: LoginFailure.self) { try run.request() }
    }

    private static let places = """
        provider: places
        inputs: {base_url: {kind: url}, s: {secret: true}}
        values: {b: {base64: "{s}"}, t: {template: "{s}"}}
        login:
          - {method: POST, url: "{base_url}/a/{s}/{t}?q={s}&r={t}", headers: {X-B: "{b}"}, json: {a: "{s}", b: ["x{t}y"]}}
          - {method: POST, url: "{base_url}/form", form: {a: "{s}", "b c": "{t}"}}
          - {method: POST, url: "{base_url}/xml", xml: '<r a="{s}"><t>{t}</t></r>'}
          - {method: POST, url: "{base_url}/text", text: "{s}|{t}"}
        token: {from: {json: /t}, expires: [{after: 1h}]}
        """

    /// Secrets of signs that mean something in some place, drawn from a seed.
    private static func secrets() -> [String] {
        var generator = SeededGenerator(seed: 42)
        let signs = [
            "{", "}", "{s}", "{{", "}}", "${HOME}", "$(id)", "\"", "'", "&", "=", "<", "]]>", "\n", "\r", "\t", "%00", "+", " ", "\\", "/", "..", "?",
            "#", "é", "日本", "a", "\u{1F511}",
        ]
        return (0..<200).map { _ in (0..<Int.random(in: 1...8, using: &generator)).map { _ in signs.randomElement(using: &generator) ?? "a" }.joined()
        }
    }

    @Test func `a secret of any signs goes through every place unchanged and unexpanded`() throws {
        let faults = FaultList()
        let definition = try #require(YAMLDocument.parse(Self.places, file: "p", faults: faults).flatMap(ProviderReader.read), "\(faults.faults)")
        for secret in Self.secrets() where secret != ".." {
            var run = LoginRun(definition, values: values(["base_url": "https://h.example", "s": secret]), environment: .fixed)
            func next() throws -> OutboundRequest {
                let request = try run.request()
                if request.url.hasSuffix("/text") { return request }
                _ = try run.receive(.make(200, "{}", clocks: FakeClocks()))
                return request
            }
            let bytes = Array(secret.utf8)
            let first = try next()
            let coded = String(decoding: PercentEncoding.encode(bytes), as: UTF8.self)
            #expect(first.url == "https://h.example/a/\(coded)/\(coded)?q=\(coded)&r=\(coded)")
            #expect(first.fields[try #require(HTTPField.Name("X-B"))] == Base64.encode(bytes, .standard))
            #expect(JSONValue(parsing: first.body ?? []) == .object(["a": .string(secret), "b": .array([.string("x\(secret)y")])]))
            let form = try next()
            #expect(FormBody.value(of: "a", in: form.body ?? []) == secret && FormBody.value(of: "b c", in: form.body ?? []) == secret)
            let xml = XMLElement(parsing: try next().body ?? [])
            #expect(xml?.attributes["a"] == secret)
            #expect(xml?.text == secret)
            #expect(try next().body == Array("\(secret)|\(secret)".utf8))
        }
    }
}
