import Store

/// Who asks for combinations of per-request inputs, and how many it may have at a time.
package struct CombinationOwner: Sendable {
    package var name: String
    package var share: Int

    package init(name: String, share: Int) {
        self.name = name
        self.share = share
    }
}

/// The keepers of an entry with per-request inputs, by combination. Each owner has a share of the entry's limit; over it, its own least
/// recently used combination goes first, so that nobody's keep another from a new one.
struct Combinations {
    private struct Combination {
        let keeper: TokenKeeper
        let owner: String
        var lastUse: UInt64
    }

    private var combinations: [RecordName: Combination] = [:]
    /// How many each owner has.
    private var counts: [String: Int] = [:]
    private var uses: UInt64 = 0

    var keepers: [TokenKeeper] { combinations.values.map(\.keeper) }

    /// The keeper of a combination, which counts as used now.
    mutating func keeper(_ name: RecordName) -> TokenKeeper? {
        guard let keeper = combinations[name]?.keeper, !keeper.hasEnded else { return nil }
        uses += 1
        combinations[name]?.lastUse = uses
        return keeper
    }

    mutating func add(_ keeper: TokenKeeper, _ name: RecordName, of owner: String) {
        uses += 1
        remove(name)
        counts[owner, default: 0] += 1
        combinations[name] = Combination(keeper: keeper, owner: owner, lastUse: uses)
    }

    /// Makes room for one more combination of this owner; returns the keepers that have to go.
    mutating func makeRoom(for owner: CombinationOwner, limit: Int) -> [TokenKeeper] {
        guard counts[owner.name, default: 0] >= min(owner.share, limit) || combinations.count >= limit else { return [] }
        for (name, combination) in combinations where combination.keeper.hasEnded { remove(name) }
        var gone: [TokenKeeper] = []
        while counts[owner.name, default: 0] >= min(owner.share, limit), let oldest = removeOldest(of: owner.name) { gone.append(oldest) }
        // The shares have changed since, or do not divide the limit: whoever has most gives way.
        while combinations.count >= limit, let largest = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key,
            let oldest = removeOldest(of: largest)
        { gone.append(oldest) }
        return gone
    }

    private mutating func remove(_ name: RecordName) {
        guard let owner = combinations.removeValue(forKey: name)?.owner else { return }
        counts[owner, default: 1] -= 1
        if counts[owner] == 0 { counts[owner] = nil }
    }

    private mutating func removeOldest(of owner: String) -> TokenKeeper? {
        guard let oldest = combinations.filter({ $0.value.owner == owner }).min(by: { $0.value.lastUse < $1.value.lastUse }) else { return nil }
        remove(oldest.key)
        return oldest.value.keeper
    }
}
