package import Time
import Tokens

/// A store that is opened by a write: one that could not be opened at start, or whose file is no longer at its path.
package actor LateStore: TokenStore {
    package typealias Opening = @concurrent @Sendable () async throws(StoreFault) -> OpenedStore?

    private let open: Opening
    private var store: (any TokenStore)?
    /// Records with refresh tokens from before this process, which has not read them.
    private var protectedNames: Set<RecordName> = []

    /// - Parameter opened: the store that was opened at start; nil if that failed.
    package init(_ opened: OpenedStore?, _ open: @escaping Opening) {
        store = opened?.store
        self.open = open
    }

    package func load() async throws(StoreFault) -> [StoredToken] { [] }

    /// Overwrites existing records, except those with refresh tokens: losing one would lock the account, and the next start finds it.
    package func write(_ changes: StoreChanges) async throws(StoreFault) {
        let store = try await opened()
        var changes = changes
        changes.tokens = changes.tokens.filter { !protectedNames.contains($0.key) || Self.holdsRefreshToken($0.value) }
        do throws(StoreFault) {
            try await store.write(changes)
            protectedNames.subtract(changes.tokens.keys)
        } catch {
            // The next write opens what is there then.
            if error.kind == .moved {
                store.end()
                self.store = nil
            }
            throw error
        }
    }

    package func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin] {
        try await opened().history(of: token, limit: limit)
    }

    package func logins(since start: WallTime, before end: WallTime) async throws(StoreFault) -> [LoginCount] {
        try await opened().logins(since: start, before: end)
    }

    private func opened() async throws(StoreFault) -> any TokenStore {
        if let store { return store }
        guard let opened = try await open() else { throw StoreFault("there is no store") }
        store = opened.store
        protectedNames = Set(opened.tokens.filter(Self.holdsRefreshToken).map(\.name))
        return opened.store
    }

    private static func holdsRefreshToken(_ token: StoredToken) -> Bool {
        TokenRecord(token.record, policy: RefreshPolicy())?.memory.refreshTokens.isEmpty == false
    }
}
