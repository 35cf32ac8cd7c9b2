import Providers
import TestSupport
import Testing
import YAML

@testable import Login

/// A partner's words for an operator's eyes.
@Suite struct RedactorTests {
    private func redact(_ text: String) throws -> String {
        let definition = try #require(ProviderCatalog.definitions(faults: .init())["pulsecrm"])
        let values = ValueScope(["api_key": Array("hunter2".utf8), "api_secret": Array("hunter2-more".utf8), "base_url": Array("https://h".utf8)])
        return Redactor(definition: definition, values: values).redact(text)
    }

    @Test(arguments: [
        ("the key hunter2 is wrong", "the key ‹redacted› is wrong"), ("hunter2-more", "‹redacted›"), ("a hunter2hunter2", "a ‹redacted›‹redacted›"),
        ("no secret here", "no secret here"), ("token eyJhbGciOiJIUzI1NiIsInR5cCI6", "token ‹redacted›"), ("a\r\nb\u{1B}[31mc\u{7F}", "a  b [31mc "),
        ("https://h is no secret", "https://h is no secret"),
    ])
    func `secrets and what looks like a token are taken out`(text: String, clean: String) throws {
        #expect(try redact(text) == clean)
    }

    @Test func `the rest is shortened`() throws {
        let long = try redact(String(repeating: "word ", count: 100))
        #expect(long.count == 301 && long.hasSuffix("…"))
    }
}
