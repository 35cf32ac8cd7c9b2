import OutboundHTTP
import Providers
import Secrets
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
        ("no secret here", "no secret here"), ("token eyJhbGciOiJIUzI1NiIsInR5cCI6", "token ‹redacted›"),
        ("a\r\nb\u{1B}[31mc\u{7F}", "a  b\\u{1b}[31mc\\u{7f}"),
        ("https://h is no secret", "https://h is no secret"),
    ])
    func `secrets and what looks like a token are taken out`(text: String, clean: String) throws {
        #expect(try redact(text) == clean)
    }

    /// A secret that each place writes in its own way.
    private static let odd = "pa\"s{s}&w\u{F6}rd/+ 1"

    private func redactOdd(_ text: String) throws -> String {
        let definition = try #require(ProviderCatalog.definitions(faults: .init())["pulsecrm"])
        let values = ValueScope(["api_key": Array(Self.odd.utf8), "steps.0.session": Array("S3ssion-1".utf8), "refresh_token": Array("no".utf8)])
        return Redactor(definition: definition, values: values).redact(text)
    }

    @Test(arguments: [
        odd, "pa\\\"s{s}&w\u{F6}rd/+ 1", odd.uppercased().replacing("\u{D6}", with: "\u{F6}"),
        String(decoding: PercentEncoding.encode(odd.utf8), as: UTF8.self),
        String(decoding: PercentEncoding.encode(odd.utf8), as: UTF8.self).lowercased(),
        "pa%22s%7Bs%7D%26w%C3%B6rd%2F%2B+1", "s3SSION-1",
        // In XML and HTML, in JSON without anything but ASCII, and in JSON within JSON.
        "pa\"s{s}&amp;w\u{F6}rd/+ 1", "pa&quot;s{s}&amp;w\u{F6}rd/+ 1", "pa&#34;s{s}&amp;w\u{F6}rd/+ 1",
        "pa\\\"s{s}&w\\u00f6rd/+ 1", "pa\\\\\\\"s{s}&w\\\\u00F6rd/+ 1",
    ])
    func `a secret is found in every form that an answer may repeat it in`(form: String) throws {
        #expect(try redactOdd("<\(form)>") == "<‹redacted›>")
    }

    @Test(arguments: ["", "a", "ab", "user:"]) func `a secret is found in base64 at any place`(before: String) throws {
        for alphabet in [Base64.Alphabet.standard, .url] {
            let text = Base64.encode(Array("\(before)\(Self.odd)!".utf8), alphabet)
            let secret = Base64.encode(Array(Self.odd.utf8), alphabet).prefix(12)
            let clean = try redactOdd("x \(text) y")
            #expect(clean.contains("‹redacted›") && !clean.contains(secret), "\(clean)")
        }
    }

    @Test func `a secret of a few letters does not give itself away in words`() throws {
        #expect(try redactOdd("cannot: no, not now") == "cannot: ‹redacted›, not now")
    }

    @Test func `what a terminal would obey or hide is shown`() throws {
        #expect(try redactOdd("a\u{202E}b\u{200B}c\u{9B}2Jd\u{2028}e\u{FEFF}") == "a\\u{202e}b\\u{200b}c\\u{9b}2Jd\\u{2028}e\\u{feff}")
    }

    @Test func `a megabyte of marks costs no more than four kilobytes`() throws {
        let flood = "x" + String(repeating: "\u{301}\u{316}", count: 250_000)
        #expect(try redactOdd(flood).unicodeScalars.count == 301)
    }

    @Test func `the rest is shortened`() throws {
        let long = try redact(String(repeating: "word ", count: 100))
        #expect(long.count == 301 && long.hasSuffix("…"))
    }
}
