package import Time

/// Storage in which tokens outlive the process. A role: SQLite on this host, memory in tests.
package protocol TokenStore: Sendable {
    /// Returns every stored token; records that this key does not open are skipped and left unchanged.
    func load() async throws(StoreFault) -> [StoredToken]

    /// Writes all changes or, if it throws, none; they are on disk when it returns.
    func write(_ changes: StoreChanges) async throws(StoreFault)

    /// A token's logins, newest first.
    func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin]

    /// The logins from one time to another, by the hour.
    func logins(since start: WallTime, before end: WallTime) async throws(StoreFault) -> [LoginCount]

    /// Gives the store's file up, so that it can be opened again; whatever follows fails.
    func end()
}

extension TokenStore {
    package func end() {}
    package func logins(since start: WallTime, before end: WallTime) async throws(StoreFault) -> [LoginCount] { [] }
}
