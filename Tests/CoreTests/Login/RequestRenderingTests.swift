import Configuration
import Login
import Providers
import TestSupport
import Testing
import Tokens

/// Values in their places.
@Suite struct RequestRenderingTests {
    private func values(_ pairs: [String: String]) -> ValueScope { ValueScope(pairs.mapValues { Array($0.utf8) }) }

    @Test func `a value stays one value wherever it stands`() throws {
        let url = try URLTemplate("{base_url}/a/{id}/b?x={id}&y=1&z={gone}")
        let text = try url.render(values(["base_url": "https://h.example/p/", "id": "ä/?&{id}"]))
        #expect(text == "https://h.example/p/a/%C3%A4%2F%3F%26%7Bid%7D/b?x=%C3%A4%2F%3F%26%7Bid%7D&y=1")
    }

    @Test(arguments: ["", ".", ".."]) func `a path takes no empty and no dotted segment`(segment: String) throws {
        let url = try URLTemplate("https://h.example/{id}")
        #expect(throws: LoginFailure.self) { try url.render(values(["id": segment])) }
    }

    @Test(arguments: ["a\r\nX: y", "a\u{0}", "caf\u{e9}"]) func `a header takes no line break, NUL or non-ASCII`(value: String) throws {
        let provider = TestConfiguration.plainProvider.replacing("json: {secret: \"{secret}\"}", with: "headers: {x-key: \"{secret}\"}")
        let configuration = try TestConfiguration.read(provider + "tokens:\n  a: {provider: plain, inputs: {secret: {value: s}}}\n")
        let run = LoginRun(configuration.tokens[0].provider, values: values(["secret": value]))
        #expect(throws: LoginFailure.self) { try run.request() }
    }
}
