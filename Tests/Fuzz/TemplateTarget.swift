import Configuration
import HTTPTypes
import OutboundHTTP
import Secrets
import TestSupport
import Time
import Tokens
import YAML

@testable import Login
@testable import Providers

/// Templates and derived values. The input up to the first NUL is the text, the rest is the value that it inserts.
enum TemplateTarget {
    static func run(_ bytes: [UInt8]) {
        let (text, value) = parts(bytes)
        if let template = try? Template(text) {
            hold(template.names.allSatisfy { !$0.isEmpty }, "a placeholder without a name")
            if !text.contains("{"), !text.contains("}") { hold(template.text == text, "text that is not itself") }
        }
        render(text, value)
    }

    /// A request with the template in its URL, a header, a form and a JSON body.
    private static func render(_ text: String, _ value: [UInt8]) {
        let quoted = "'\(text.replacing("'", with: "''"))'"
        guard !text.contains(where: \.isNewline), !text.utf8.contains(where: { $0 < 0x20 }) else { return }
        let definition = definition(
            "login: [{method: POST, url: 'https://a.example/p/{v}', headers: {X: \(quoted)}, form: {f: \(quoted)}}]", values: "{}")
        guard let definition else { return }
        var run = LoginRun(definition, values: ValueScope(["v": value]), environment: .fixed)
        guard let request = try? run.request() else { return }
        hold(request.url.hasPrefix("https://a.example/p/"), "another origin: \(request.url)")
        hold(!request.url.dropFirst(20).contains("/") && !request.url.contains("?"), "a value that leaves its segment: \(request.url)")
        for field in request.fields { hold(!field.value.utf8.contains { $0 == 10 || $0 == 13 || $0 == 0 }, "a line break in a field") }
        let body = request.body ?? []
        if !text.contains("&") { hold(body.count { $0 == UInt8(ascii: "&") } == 0, "a value that begins another field") }
    }

    static func runDerived(_ bytes: [UInt8]) {
        let (text, value) = parts(bytes)
        guard let definition = definition("login: []", values: "\n" + text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")) else {
            return
        }
        var run = LoginRun(definition, values: ValueScope(["v": value]), environment: .fixed)
        guard let draft = try? run.makeToken(at: BootInstant(nanoseconds: 0), wall: WallTime(seconds: 1_800_000_000)) else { return }
        hold(!draft.value.exposedBytes.isEmpty, "an empty token")
    }

    private static func parts(_ bytes: [UInt8]) -> (String, [UInt8]) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        return (String(decoding: parts[0], as: UTF8.self), parts.count > 1 ? Array(parts[1]) : Array("v".utf8))
    }

    private static func definition(_ login: String, values: String) -> ProviderDefinition? {
        let from = login == "login: []" ? "{value: made}" : "{json: /t}"
        let text = """
            provider: p
            inputs: {v: {secret: true}}
            values: \(values)
            \(login)
            token: {from: \(from), pattern: ".*", expires: [{after: 1h}]}
            """
        let faults = FaultList()
        let definition = YAMLDocument.parse(text, file: "p.yaml", faults: faults).flatMap(ProviderReader.read)
        return faults.faults.contains { !$0.isWarning } ? nil : definition
    }
}
