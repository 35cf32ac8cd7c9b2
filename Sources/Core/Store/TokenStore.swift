import JSON
package import Time

/// Which token a record is of: an entry's name and the values of its per-request inputs.
package struct RecordName: Sendable, Hashable {
    package let token: String
    package let perRequest: [String: String]

    package init(_ token: String, _ perRequest: [String: String] = [:]) {
        self.token = token
        self.perRequest = perRequest
    }

    /// The values as JSON, names in order; empty for an entry without.
    package var inputs: String { perRequest.isEmpty ? "" : JSONValue.object(perRequest.mapValues { .string($0) }).jsonText }
}

/// What of one token outlives the process.
package struct StoredToken: Sendable {
    package let name: RecordName
    /// A digest of what the login is: definition, inputs, how its answer is read. Another one makes the record void.
    package let login: [UInt8]
    /// `TokenRecord` as JSON; sealed on disk.
    package let record: [UInt8]

    package init(name: RecordName, login: [UInt8], record: [UInt8]) {
        self.name = name
        self.login = login
        self.record = record
    }
}

/// One login that ended.
package struct PastLogin: Sendable, Equatable {
    package var token: String
    package var at: WallTime
    /// `success`, `same_token`, or the failure's class.
    package var outcome: String
    package var took: Duration
    package var status: Int?
    /// Why it failed, in our words.
    package var reason: String?

    package init(token: String, at: WallTime, outcome: String, took: Duration, status: Int? = nil, reason: String? = nil) {
        self.token = token
        self.at = at
        self.outcome = outcome
        self.took = took
        self.status = status
        self.reason = reason
    }
}

/// Why a store cannot be used, in words for an operator.
package struct StoreFault: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// What is written in one transaction.
package struct StoreChanges: Sendable {
    package var tokens: [RecordName: StoredToken] = [:]
    package var removed: Set<RecordName> = []
    package var attempts: [PastLogin] = []

    package init() {}

    package var isEmpty: Bool { tokens.isEmpty && removed.isEmpty && attempts.isEmpty }
}

/// Where tokens outlive the process. A role: SQLite on this host, memory in tests.
package protocol TokenStore: Sendable {
    /// Every token there is; records this key does not open are left out and alone.
    func load() async throws(StoreFault) -> [StoredToken]

    /// Writes all of it or, when it throws, nothing; on disk when it returns.
    func write(_ changes: StoreChanges) async throws(StoreFault)

    /// A token's logins, the last first.
    func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin]
}
