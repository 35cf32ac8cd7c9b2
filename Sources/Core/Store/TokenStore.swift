/// Where tokens outlive the process. A role: SQLite on this host, memory in tests.
package protocol TokenStore: Sendable {
    /// Every token there is; records this key does not open are left out and alone.
    func load() async throws(StoreFault) -> [StoredToken]

    /// Writes all of it or, when it throws, nothing; on disk when it returns.
    func write(_ changes: StoreChanges) async throws(StoreFault)

    /// A token's logins, the last first.
    func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin]
}
