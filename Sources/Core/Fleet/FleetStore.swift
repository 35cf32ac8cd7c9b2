package import Store

/// Records and locks that all hosts of a fleet share. A role: etcd, memory in simulations.
package protocol FleetStore: Sendable {
    /// Every record, and the position at which they were read.
    func load() async throws(StoreFault) -> (records: [FleetRecord], position: FleetPosition)

    /// Takes the lock if no host holds it. It expires after `time` unless `prolong` is called. A lock without a lease is nobody's.
    ///
    /// - Parameter stale: a lock that is taken although it is held, since it was held too long.
    func lock(_ name: FleetName, for time: Duration, over stale: HeldLock?) async throws(StoreFault) -> FleetLocking

    func prolong(_ lock: FleetLock) async throws(StoreFault)

    func unlock(_ lock: FleetLock) async throws(StoreFault)

    /// Writes if the lock is still held.
    func write(_ token: StoredToken, under lock: FleetLock) async throws(StoreFault) -> FleetWriting

    /// Writes only if the stored record has this revision (0: no record).
    func write(_ token: StoredToken, over revision: Int64) async throws(StoreFault) -> FleetWriting

    /// Reports events from behind this position on, until it is cancelled or the store is lost.
    func watch(from position: FleetPosition, _ receive: @escaping @Sendable (FleetNews) -> Void) async throws(StoreFault)
}
