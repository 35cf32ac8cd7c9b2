import Synchronization

/// Counts calls, with what each was made with.
package final class CallLog: Sendable {
    private let log = Mutex<[String]>([])

    package init() {}

    package var fingerprints: [String] { log.withLock { $0 } }

    /// - Returns: the number of this call, from 1.
    package func add(_ fingerprint: String) -> Int {
        log.withLock { log in
            log.append(fingerprint)
            return log.count
        }
    }
}
