import HTTPTypes
import Testing
import YAML

@testable import Providers

/// What a request of a definition may be, and what is a fault before any login.
@Suite struct RequestReaderTests {
    private static let inputs = [
        InputDefinition(name: "base_url", kind: .url), InputDefinition(name: "tenant"),
    ]

    private func faults(_ request: String) -> [String] {
        let faults = FaultList()
        let node = YAMLDocument.parse(request, file: "test", faults: faults)
        _ = node.flatMap { RequestReader(scope: NameScope(Self.inputs, values: [])).read($0) }
        return faults.faults.map(\.message)
    }

    @Test(arguments: [
        "{base_url}/token", "{base_url}", "{base_url}?a={tenant}", "{base_url}/{tenant}/token?x=1&y={tenant}", "https://a.example/%20{tenant}",
        "https://a.example:8443/a;b=c,d:e@f!$'()*+-._~", "https://a.example",
    ])
    func `a URL that can be`(url: String) {
        #expect(faults("{method: POST, url: '\(url.replacing("'", with: "''"))'}") == [])
    }

    @Test(arguments: [
        ("{base_url}{tenant}", "after scheme, host and port"), ("{base_url}.evil.example/", "after scheme, host and port"),
        ("{base_url}:8443/", "after scheme, host and port"), ("{base_url}@{tenant}", "after scheme, host and port"),
        ("https://{tenant}/a", "the host of a URL must be fixed"), ("https://a.example{tenant}/a", "after scheme, host and port"),
        ("{base_url}/a b", "write %20"), ("{base_url}/caf\u{E9}", "write %C3%A9"), ("{base_url}/a#b", "write %23"),
        ("{base_url}/a\\\\b", "write %5C"), ("{base_url}/a?q=<x>", "write %3C"),
    ])
    func `a URL that cannot be, or could lead elsewhere`(url: String, fault: String) {
        let found = faults("{method: POST, url: \"\(url)\"}")
        #expect(found.count == 1 && found[0].contains(fault), "\(found)")
    }

    @Test(arguments: ["Content-Length", "transfer-encoding", "Connection", "HOST", "TE", "Trailer", "Upgrade"])
    func `headers that frame the message are faults`(
        name: String
    ) {
        #expect(faults("{method: POST, url: 'https://a.example/', headers: {\(name): x}}").contains { $0.contains("frames the message") })
    }

    @Test func `two headers that differ in case alone are a fault`() {
        let found = faults("{method: POST, url: 'https://a.example/', headers: {X-Key: a, x-key: b}}")
        #expect(found.count == 1 && found[0].contains("is set twice"))
    }

    @Test(arguments: [
        ("0123", false), ("-012", false), ("007.5", false), ("12", true), ("-1.5e3", true), ("0", true), ("'0123'", true), ("0x1F", true),
    ])
    func `a number in JSON is one`(number: String, isFit: Bool) {
        let found = faults("{method: POST, url: 'https://a.example/', json: {pin: \(number)}}")
        #expect(found.isEmpty == isFit, "\(found)")
    }
}
