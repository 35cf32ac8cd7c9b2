import Configuration
import Store
import Time
import Tokens

/// Records that the store held at start and no keeper has claimed yet.
struct Restoration {
    private var stored: [RecordName: StoredToken]
    private let identity: HostIdentity
    /// Keepers of restored tokens whose secrets have not yet been compared with those the tokens were obtained with.
    private(set) var unchecked: [TokenKeeper] = []

    init(_ tokens: [StoredToken], identity: HostIdentity) {
        stored = Dictionary(tokens.map { ($0.name, $0) }) { $1 }
        self.identity = identity
    }

    /// Takes a stored token's record, with its instants converted to this boot's clock.
    ///
    /// If the login changed, or the wall clock is earlier than the record, only an operator's hold and the record's refresh
    /// tokens are kept; these are used if the inputs are still those they were issued for.
    ///
    /// - Returns: nil if there is no usable record.
    mutating func take(_ name: RecordName, for token: TokenConfiguration, clocks: some Clocks) -> TokenRecord? {
        guard let stored = stored.removeValue(forKey: name), var record = TokenRecord(stored.record, policy: token.refresh) else { return nil }
        if stored.login == token.loginDigest, let shift = record.shift(bootID: identity.bootID, boot: clocks.boot, wall: clocks.wall) {
            record.state.move(by: shift)
            return record
        }
        record.state = record.state.onlyHold
        return record.memory.refreshTokens.isEmpty && record.state.hold == nil ? nil : record
    }

    /// Has the records that nobody has claimed name a wall clock that was set back as it is now. After a step forward they stay as they are: the
    /// machine may have slept, and the longer of the two elapsed times counts.
    ///
    /// - Parameter step: by how much it was set.
    /// - Returns: the changed records.
    mutating func follow(_ step: Duration, clocks: some Clocks) -> [StoredToken] {
        guard step < .zero else { return [] }
        var changed: [StoredToken] = []
        for (name, old) in stored {
            guard var record = TokenRecord(old.record, policy: RefreshPolicy()),
                let shift = record.shift(bootID: identity.bootID, boot: clocks.boot, wall: clocks.wall - step)
            else { continue }
            record.state.move(by: shift)
            (record.bootID, record.boot, record.wall) = (identity.bootID, clocks.boot, clocks.wall)
            let new = StoredToken(name: name, login: old.login, record: record.bytes)
            stored[name] = new
            changed.append(new)
        }
        return changed
    }

    /// Forgets records of entries that are not configured.
    ///
    /// - Returns: their names, so that the store can delete them too.
    mutating func drop(allBut configured: Set<String>) -> [RecordName] {
        let gone = stored.keys.filter { !configured.contains($0.token) }
        for name in gone { stored[name] = nil }
        // An emptied dictionary keeps its memory.
        if stored.isEmpty { stored = [:] }
        return gone
    }

    mutating func check(_ keeper: TokenKeeper) { unchecked.append(keeper) }

    mutating func takeUnchecked() -> [TokenKeeper] {
        defer { unchecked = [] }
        return unchecked
    }
}
