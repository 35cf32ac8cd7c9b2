import BrokerCore
import Foundation
import TestSupport
import Testing

/// Restarts of the built daemon on a real database.
@Suite struct StoreProcessTests {
    private static let partners = ["pulsecrm", "sparrowsms", "zapper-customer", "zapper-service", "zetasafe", "zipteams"]
    private static let tokens = ["zipteams", "zetasafe", "zapper", "zapper-jo", "sparrowsms", "pulsecrm"]

    private func withStore(_ change: @escaping @Sendable (String, String) -> String = { yaml, _ in yaml }) throws -> Daemon {
        try Daemon { yaml, folder in change(yaml, folder) + "\nstore: {sqlite: \(folder)/tokens.db}\n" }
    }

    private func fingerprints(_ daemon: Daemon) -> [String?] {
        Self.tokens.map { name in daemon.get("/v1/tokens/\(name)").flatMap { JSONValue(parsing: $0.body)?["fingerprint"]?.text } }
    }

    @Test func `a killed daemon comes back with its tokens, and asks no partner`() async throws {
        try await blocking {
            let daemon = try withStore()
            let before = fingerprints(daemon)
            #expect(!before.contains(nil))
            // On disk a moment after it is served; history is read behind everything written before.
            #expect(try daemon.command("history", "zapper").output.contains("success"))
            for _ in 0..<3 {
                daemon.signal(SIGKILL)
                #expect(daemon.end() == 128 + SIGKILL)
                try daemon.launch()
                #expect(fingerprints(daemon) == before)
            }
            for partner in Self.partners { #expect(try daemon.requests(at: partner) == 1, "\(partner)") }
            #expect(try daemon.command("history", "zapper", "--json").output.contains("\"outcome\":\"success\""))
            daemon.signal(SIGTERM)
            #expect(daemon.end() == 0)
        }
    }

    @Test func `a changed secret has its own entry logged in anew beside the old token, and no other`() async throws {
        try await blocking {
            let daemon = try withStore { yaml, folder in
                try? TestFiles.write("sandbox-api-token", to: "\(folder)/secret")
                return yaml.replacing(
                    "api_token: {value: sandbox-api-token}\n      organisation", with: "api_token: {file: \(folder)/secret}\n      organisation")
            }
            let before = fingerprints(daemon)
            #expect(try daemon.command("history", "zapper").status == 0)
            daemon.signal(SIGTERM)
            _ = daemon.end()
            try TestFiles.write("another", to: "\(daemon.folder)/secret")
            try daemon.launch()
            let end = Date().addingTimeInterval(10)
            while try daemon.requests(at: "zapper-service") == 1, Date() < end { usleep(10_000) }
            #expect(try daemon.requests(at: "zapper-service") == 2)
            #expect(fingerprints(daemon) == before)
            for partner in Self.partners where partner != "zapper-service" { #expect(try daemon.requests(at: partner) == 1, "\(partner)") }
        }
    }

    @Test func `a store that cannot be opened is told, and tokens are served from memory`() async throws {
        try await blocking {
            let daemon = try withStore()
            #expect(try daemon.command("history", "zapper").status == 0)
            daemon.signal(SIGTERM)
            _ = daemon.end()
            try TestFiles.write(String(repeating: "ab", count: 32), to: "\(daemon.folder)/store.key")
            try daemon.launch()
            #expect(daemon.log.contains("error store failed") && daemon.log.contains("was sealed with another key"))
            #expect(daemon.get("/v1/tokens/zapper")?.status == 200)
            #expect(daemon.get("/readyz")?.text.contains("the store cannot be used") == true)
            #expect(daemon.get("/metrics")?.text.contains("tokenbroker_store_usable 0") == true)
            #expect(daemon.get("/v1/tokens/zapper/history")?.status == 404)
        }
    }
}
