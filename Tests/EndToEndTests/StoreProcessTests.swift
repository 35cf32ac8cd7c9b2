import BrokerDaemon
import Foundation
import JSON
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

    @Test func `a backup of the running daemon's store is served after a restore, as the article says`() async throws {
        try await blocking {
            let daemon = try withStore()
            let before = fingerprints(daemon)
            #expect(try daemon.command("history", "zapper").output.contains("success"))
            let backup = try TestFiles.run("/usr/bin/sqlite3", ["\(daemon.folder)/tokens.db", ".backup \(daemon.folder)/backup.db"])
            #expect(backup.status == 0, "\(backup)")
            daemon.signal(SIGTERM)
            #expect(daemon.end() == 0)
            for suffix in ["", "-wal", "-shm"] { unsafe unlink("\(daemon.folder)/tokens.db\(suffix)") }
            #expect(unsafe rename("\(daemon.folder)/backup.db", "\(daemon.folder)/tokens.db") == 0)
            try daemon.launch()
            #expect(fingerprints(daemon) == before)
            for partner in Self.partners { #expect(try daemon.requests(at: partner) == 1, "\(partner)") }
        }
    }

    @Test func `a changed secret makes only its own entry log in again, and the old token is served meanwhile`() async throws {
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
            let end = Date().addingTimeInterval(60)
            while try daemon.requests(at: "zapper-service") == 1, Date() < end { usleep(10_000) }
            #expect(try daemon.requests(at: "zapper-service") == 2)
            #expect(fingerprints(daemon) == before)
            for partner in Self.partners where partner != "zapper-service" { #expect(try daemon.requests(at: partner) == 1, "\(partner)") }
        }
    }

    @Test func `a store that cannot be opened is reported, and tokens are served from memory`() async throws {
        try await blocking {
            let daemon = try withStore()
            #expect(try daemon.command("history", "zapper").status == 0)
            daemon.signal(SIGTERM)
            _ = daemon.end()
            try TestFiles.write(String(repeating: "ab", count: 32), to: "\(daemon.folder)/store.key")
            try daemon.launch()
            #expect(daemon.log.contains("level=error msg=\"store failed") && daemon.log.contains("was sealed with another key"))
            #expect(daemon.get("/v1/tokens/zapper")?.status == 200)
            #expect(daemon.get("/readyz")?.text.contains("the store is unusable") == true)
            #expect(daemon.get("/metrics")?.text.contains("tokenbroker_store_usable 0") == true)
            #expect(daemon.get("/v1/tokens/zapper/history")?.status == 404)
        }
    }

    @Test func `rotating refresh tokens survive kills, and a new store key`() async throws {
        try await blocking {
            let daemon = try Daemon(lifetimes: ["oauth2=3"]) { yaml, folder in
                yaml + Self.rotating(yaml, folder)
            }
            for _ in 0..<4 {
                #expect(daemon.get("/v1/tokens/rotating")?.status == 200, "\(daemon.log.suffix(400))")
                daemon.signal(SIGKILL)
                _ = daemon.end()
                try daemon.launch()
            }
            // As administrators may, once in ten seconds: at least one refresh with what came back from disk.
            #expect(try daemon.command("refresh", "rotating").status == 0)
            #expect(try daemon.command("store", "rekey", "--config", "\(daemon.folder)/config.yaml").errors.contains("in use by another process"))
            daemon.signal(SIGTERM)
            #expect(daemon.end() == 0)
            let rekeyed = try daemon.command("store", "rekey", "--config", "\(daemon.folder)/config.yaml")
            #expect(rekeyed.status == 0 && rekeyed.output.contains("sealed with a new key"), "\(rekeyed)")
            try daemon.launch()
            #expect(!daemon.log.contains("store failed"))
            #expect(daemon.get("/v1/tokens/rotating")?.status == 200)
            #expect(try daemon.command("refresh", "rotating").status == 0)
            #expect(try !daemon.command("history", "rotating", "--json").output.contains("rejected"))
        }
    }

    /// A provider whose refresh tokens are good for one use, and an entry of it.
    private static func rotating(_ yaml: String, _ folder: String) -> String {
        let base = yaml.split(separator: "\"").first { $0.hasSuffix("/zipteams") }.map { $0.dropLast("/zipteams".count) } ?? ""
        let fields = "grant_type: refresh_token, client_id: sandbox-client, client_secret: sandbox-client-secret"
        return """

              rotating:
                provider: rotating
                inputs: {base_url: "\(base)/oauth2", first: {value: sandbox-refresh-token}}
            providers:
              - provider: rotating
                inputs: {base_url: {kind: url}, first: {secret: true}}
                login: [{method: POST, url: "{base_url}/token", form: {\(fields), refresh_token: "{first}"}}]
                refresh_request: {method: POST, url: "{base_url}/token", form: {\(fields), refresh_token: "{refresh_token}"}}
                token: {from: {json: /access_token}, refresh_token: {json: /refresh_token}, expires: [{json: /expires_in, unit: seconds}]}
            store: {sqlite: \(folder)/tokens.db}

            """
    }
}
