import Dispatch
import Files
import GRDB
import Secrets

/// Looks into a database without changing it, also while a daemon uses it.
package enum StoreInspection {
    /// The number of tokens and of past logins in it.
    package struct Content: Sendable, Equatable {
        package var tokens: Int
        /// Records of tokens that the key does not open.
        package var unread: Int
        package var logins: Int
    }

    /// - Parameters:
    ///   - key: that must open its records.
    /// - Returns: what is in it.
    /// - Throws: `StoreFault`, which says what is wrong: it is damaged, another program's, or sealed with another key.
    package static func content(of path: String, key: StoreKey) async throws(StoreFault) -> Content {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(2)
        configuration.qos = .default
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try await queue.read { database in
                if let problem = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)"), problem != "ok" {
                    throw StoreFault("is damaged (\(problem))")
                }
                try SQLiteTokenStore.inspect(database)
                guard try database.tableExists("token") else { return Content(tokens: 0, unread: 0, logins: 0) }
                if try SQLiteTokenStore.migrator.hasBeenSuperseded(database) { throw StoreFault("was written by a newer version of tokenbroker") }
                let records = key.derived(for: "records")
                try SQLiteTokenStore.checkKey(database, records)
                let opened = try SQLiteTokenStore.tokens(of: database, key: records).count
                let all = try Int.fetchOne(database, sql: "SELECT count(*) FROM token") ?? 0
                return Content(tokens: opened, unread: all - opened, logins: try Int.fetchOne(database, sql: "SELECT count(*) FROM attempt") ?? 0)
            }
        } catch {
            throw SQLiteTokenStore.fault(error, path)
        }
    }
}
