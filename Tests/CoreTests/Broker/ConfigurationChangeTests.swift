import Configuration
import TestSupport
import Testing

@testable import Broker

/// What a reload makes of the entries there are.
@Suite struct ConfigurationChangeTests {
    private static func tokens(_ entries: [(name: String, isPerRequest: Bool)]) throws -> [TokenConfiguration] {
        let provider = TestConfiguration.plainProvider.replacing(
            "inputs: {secret: {secret: true}}", with: "inputs: {secret: {secret: true}, tenant: {}}")
        let lines = entries.map { name, isPerRequest in
            let tenant =
                isPerRequest
                ? "inputs: {secret: {value: s}}, per_request: {tenant: {pattern: \"[a-z]+\"}}" : "inputs: {secret: {value: s}, tenant: t}"
            return "  \(name): {provider: plain, \(tenant)}"
        }
        return try TestConfiguration.read(provider + "tokens:\n" + lines.joined(separator: "\n")).tokens
    }

    @Test func `entries are launched, relaunched, reconfigured in the order of the file, or removed by name`() throws {
        let before = try Self.tokens([("gone-b", false), ("gone-a", true), ("stays", false), ("turns", false), ("turns-back", true)])
        let after = try Self.tokens([("turns", true), ("new", false), ("stays", false), ("turns-back", false)])
        let change = ConfigurationChange(from: Dictionary(uniqueKeysWithValues: before.map { ($0.name, $0) }), to: after)
        #expect(change.removed == ["gone-a", "gone-b"])
        #expect(change.steps == [.relaunch("turns"), .launch("new"), .reconfigure("stays"), .relaunch("turns-back")])
    }

    @Test func `nothing configured removes everything`() throws {
        let before = try Self.tokens([("a", false)])
        let change = ConfigurationChange(from: ["a": before[0]], to: [])
        #expect(change == ConfigurationChange(from: ["a": before[0]], to: []) && change.removed == ["a"] && change.steps.isEmpty)
    }
}
