package import Store

package enum FleetLocking: Sendable {
    /// This host's, with what the store held at that moment.
    case mine(FleetLock, FleetRecord?)
    /// Another host's, with what the store holds.
    case taken(FleetRecord?)
}

package enum FleetWriting: Sendable {
    case written(revision: Int64)
    /// Somebody else has written since; what is there now.
    case refused(FleetRecord?)
}

/// What a watch tells.
package enum FleetNews: Sendable {
    case record(FleetRecord)
    /// The lock of a token is free.
    case unlocked(RecordName)
}

/// Where hosts meet: records and locks that all of them see. A role: etcd, memory in simulations.
package protocol FleetStore: Sendable {
    /// Every record, and the revision they are as of.
    func load() async throws(StoreFault) -> (records: [FleetRecord], revision: Int64)

    /// Takes the lock where nobody holds it. It is given up by itself when the time is over and `prolong` was not called.
    func lock(_ name: FleetName, for time: Duration) async throws(StoreFault) -> FleetLocking

    func prolong(_ lock: FleetLock) async throws(StoreFault)

    func unlock(_ lock: FleetLock) async throws(StoreFault)

    /// Writes under a lock, as long as it is held.
    func write(_ token: StoredToken, under lock: FleetLock) async throws(StoreFault) -> FleetWriting

    /// Writes over what was written with this revision (0: nothing), and over nothing else.
    func write(_ token: StoredToken, over revision: Int64) async throws(StoreFault) -> FleetWriting

    /// Tells what happens from this revision on, until it is cancelled or the store is lost.
    func watch(from revision: Int64, _ hear: @escaping @Sendable (FleetNews) -> Void) async throws(StoreFault)
}
