import Store

/// The revision last seen of each record, and the records that could not be written.
///
/// Once the store is back, those are written over the revision that was last seen when they were made.
struct UnwrittenRecords: Sendable {
    private var revisions: [FleetName: Int64] = [:]
    private var unwritten: [FleetName: (token: StoredToken, over: Int64)] = [:]

    var all: [StoredToken] { unwritten.values.map(\.token) }

    /// Whether this host has a newer record than the store.
    func holds(_ name: FleetName) -> Bool { unwritten[name] != nil }

    /// The revision a record is to be written over; 0 if none is known.
    func revision(under name: FleetName) -> Int64 { unwritten[name]?.over ?? revisions[name] ?? 0 }

    mutating func saw(_ name: FleetName, _ revision: Int64) { revisions[name] = max(revisions[name] ?? 0, revision) }

    /// Notes a record from the store; it prevails if it is newer than the one this host's record is to be written over.
    mutating func received(_ name: FleetName, _ revision: Int64) {
        saw(name, revision)
        if let own = unwritten[name], own.over < revision { unwritten[name] = nil }
    }

    mutating func keep(_ token: StoredToken, over revision: Int64) {
        unwritten[FleetName(token.name, login: token.login)] = (token, revision)
    }

    /// Notes that this host's record was written, or that another host's prevails.
    mutating func settle(_ name: FleetName, _ revision: Int64) {
        saw(name, revision)
        unwritten[name] = nil
    }
}
