import Configuration
import Store
import Time
import Tokens

/// What the store held at start and nobody asked for yet.
struct Restoration {
    private var stored: [RecordName: StoredToken]
    private let identity: HostIdentity
    /// Keepers of restored tokens whose secrets were not compared yet with those the tokens were made with.
    private(set) var unchecked: [TokenKeeper] = []

    init(_ tokens: [StoredToken], identity: HostIdentity) {
        stored = Dictionary(tokens.map { ($0.name, $0) }) { $1 }
        self.identity = identity
    }

    /// Takes a stored token's record, its instants on this boot's clock; nil where the login is another one now, or the wall clock
    /// stands before the record. Refresh tokens are kept in any case: they are used where the inputs are still those they were given for.
    mutating func take(_ name: RecordName, for token: TokenConfiguration, clocks: some Clocks) -> TokenRecord? {
        guard let stored = stored.removeValue(forKey: name), var record = TokenRecord(stored.record, policy: token.refresh) else { return nil }
        if stored.login == token.loginDigest, let shift = record.shift(bootID: identity.bootID, boot: clocks.boot, wall: clocks.wall) {
            record.state.move(by: shift)
            return record
        }
        record.state = TokenState(policy: token.refresh)
        return record.memory.refreshTokens.isEmpty ? nil : record
    }

    /// Forgets records of entries that are not configured.
    ///
    /// - Returns: their names, for the store to forget them too.
    mutating func drop(allBut configured: Set<String>) -> [RecordName] {
        let gone = stored.keys.filter { !configured.contains($0.token) }
        for name in gone { stored[name] = nil }
        return gone
    }

    mutating func check(_ keeper: TokenKeeper) { unchecked.append(keeper) }

    mutating func takeUnchecked() -> [TokenKeeper] {
        defer { unchecked = [] }
        return unchecked
    }
}
