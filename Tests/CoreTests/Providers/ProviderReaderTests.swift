import TestSupport
import Testing
import YAML

@testable import Providers

/// What a definition may say, and what is a fault before any login.
@Suite struct ProviderReaderTests {
    private static let sound = """
        provider: p
        inputs: {base_url: {kind: url}, client_id: {}, client_secret: {secret: true}, service: {token: true, optional: true}}
        login:
          - {method: POST, url: "{base_url}/token", form: {id: "{client_id}", secret: "{client_secret}"}}
        token: {from: {json: /t}, keep: {account: {json: /a}}, expires: [{after: 15m}]}
        use: {headers: {Authorization: "Bearer {token}"}}
        errors: {rejected: [{status: 401}]}
        actions: {register: {method: POST, url: "{base_url}/r", json: {who: "{who}"}, inputs: {who: {}}}}
        """

    private func faults(_ text: String) -> [String] {
        let faults = FaultList()
        _ = YAMLDocument.parse(text, file: "test", faults: faults).flatMap { ProviderReader.read($0) }
        return faults.faults.map(\.message)
    }

    @Test func `a sound definition has no fault`() {
        #expect(faults(Self.sound) == [])
        let disclosing = Self.sound.replacing("Bearer {token}", with: "Basic {client_secret}") + "\ndiscloses: [client_secret]\n"
        #expect(faults(disclosing) == [])
    }

    @Test func `a secret that a step keeps under another name is one still`() {
        let kept = Self.sound.replacing(#"secret: "{client_secret}"}}"#, with: #"secret: "{client_secret}"}, keep: {k: {value: client_secret}}}"#)
        #expect(faults(kept) == [])
        #expect(faults(kept.replacing("Bearer {token}", with: "Basic {steps.0.k}")).first?.contains("discloses: [steps.0.k]") == true)
    }

    @Test(arguments: [
        // Secrets that every caller would be given.
        ("keep: {account:", "keep: {client_secret:", "is a secret input"), ("keep: {account:", "keep: {service:", "is a secret input"),
        ("keep: {account:", "keep: {base_url:", "begins URLs"), ("Bearer {token}", "Bearer {client_secret}", "discloses: [client_secret]"),
        ("Bearer {token}", "Bearer {service}", "discloses: [service]"),
        ("keep: {account: {json: /a}}", "keep: {account: {value: client_secret}}", "shows the secret client_secret"),
        ("keep: {account: {json: /a}}", "keep: {account: [{json: /a}, {value: service}]}", "shows the secret service"),
        // What a caller of an action could replace.
        ("inputs: {who: {}}", "inputs: {who: {}, base_url: {kind: url}}", "is an input of the provider already"),
        ("inputs: {who: {}}", "inputs: {who: {}, client_secret: {}}", "is an input of the provider already"),
        // Headers that break the message.
        ("Bearer {token}", "Bearer {token}\\r\\nEvil: 1", "line break"), ("Bearer {token}", "Bearer {token}\\0", "line break"),
        ("Bearer {token}", "Bearer caf\u{E9} {token}", "outside ASCII"),
        // Tests that always hold, or never.
        ("{status: 401}", "{status: []}", "at least one status"), ("{status: 401}", "{json: /c, equals: 99999999999999999999}", "beyond 64 bits"),
        ("{status: 401}", "{json: /c, equals: .inf}", ""), ("{status: 401}", "{json: /c, matches: \"(\"}", "is not a regular expression"),
        // URLs that cannot be.
        ("{base_url}/token", "{base_url}/x/../token", "segment . or .."), ("{base_url}/token", "{base_url}/%zz", "escapes nothing"),
        ("{base_url}/token", "https://h.example:99999/token", "port 99999"), ("{base_url}/token", "https://[zz]/token", "no IPv6 address"),
    ])
    func `what cannot work or gives a secret away is a fault`(part: String, instead: String, fault: String) {
        let text = Self.sound.replacing(part, with: instead)
        #expect(text != Self.sound)
        let found = faults(text)
        if fault.isEmpty { return #expect(found == []) }
        #expect(found.contains { $0.contains(fault) }, "\(found)")
    }
}
