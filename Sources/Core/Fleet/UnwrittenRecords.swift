import Store

/// The revision last seen of each record, and the records that could not be written.
///
/// Once the store is back, those are written over the revision that was last seen.
struct UnwrittenRecords: Sendable {
    private var revisions: [FleetName: Int64] = [:]
    private var unwritten: [FleetName: StoredToken] = [:]

    var all: [StoredToken] { Array(unwritten.values) }

    /// Whether this host has a newer record than the store.
    func holds(_ name: FleetName) -> Bool { unwritten[name] != nil }

    func unwritten(_ name: FleetName) -> StoredToken? { unwritten[name] }

    /// The revision a record is to be written over; 0 if none is known.
    func revision(under name: FleetName) -> Int64 { revisions[name] ?? 0 }

    mutating func saw(_ name: FleetName, _ revision: Int64) { revisions[name] = max(revisions[name] ?? 0, revision) }

    /// Takes the revisions of a load in place of those seen before: a store that was restored counts from an earlier one.
    mutating func loaded(_ records: [FleetRecord]) {
        revisions = Dictionary(records.map { ($0.name, $0.revision) }) { max($0, $1) }
    }

    mutating func keep(_ token: StoredToken) { unwritten[FleetName(token.name, login: token.login)] = token }

    /// Forgets this host's record, since a newer one is stored.
    mutating func drop(_ name: FleetName) { unwritten[name] = nil }

    /// Notes that this host's record was written, or that another host's prevails.
    mutating func settle(_ name: FleetName, _ revision: Int64) {
        revisions[name] = revision
        unwritten[name] = nil
    }
}
