import Store

/// The revision last seen of each record, and records that could not be written: they are when the store is back, over the revision seen
/// when they were made.
struct UnwrittenRecords: Sendable {
    private var revisions: [FleetName: Int64] = [:]
    private var unwritten: [FleetName: (token: StoredToken, over: Int64)] = [:]

    var all: [StoredToken] { unwritten.values.map(\.token) }

    /// Whether this host has something newer than what the store holds.
    func holds(_ name: FleetName) -> Bool { unwritten[name] != nil }

    /// The revision a record is to be written over; 0 where none is known.
    func revision(under name: FleetName) -> Int64 { unwritten[name]?.over ?? revisions[name] ?? 0 }

    mutating func saw(_ name: FleetName, _ revision: Int64) { revisions[name] = max(revisions[name] ?? 0, revision) }

    /// Another host has written: its record counts where it is newer than the one ours was made over.
    mutating func heard(_ name: FleetName, _ revision: Int64) {
        saw(name, revision)
        if let own = unwritten[name], own.over < revision { unwritten[name] = nil }
    }

    mutating func keep(_ token: StoredToken, over revision: Int64) {
        unwritten[FleetName(token.name, login: token.login)] = (token, revision)
    }

    /// It is settled: written, or another host's counts.
    mutating func settle(_ name: FleetName, _ revision: Int64) {
        saw(name, revision)
        unwritten[name] = nil
    }
}
