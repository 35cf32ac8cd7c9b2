package import Store

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
