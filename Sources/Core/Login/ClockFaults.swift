import Synchronization
import Time
import Tokens

/// Accounts whose partner rejected a login that this host's clock signed, while the clocks differed: they are asked again when the clock has
/// been changed, or after an hour.
final class ClockFaults: Sendable {
    private struct Fault {
        let failure: LoginFailure
        /// Wall time less boot time: what a change of the clock changes.
        let offset: Duration
        let until: BootInstant
    }

    private static let time = Duration.seconds(3600)
    private let faults = Mutex<[String: Fault]>([:])

    func note(_ failure: LoginFailure, of account: String, _ clocks: any Clocks) {
        faults.withLock { $0[account] = Fault(failure: failure, offset: clocks.offset, until: clocks.boot + Self.time) }
    }

    /// The failure that still stands: the clock is as it was.
    func standing(_ account: String, _ clocks: any Clocks) -> LoginFailure? {
        faults.withLock { faults in
            guard let fault = faults[account] else { return nil }
            if fault.until > clocks.boot, !OffsetWaiters.differ(clocks.offset, fault.offset) { return fault.failure }
            faults[account] = nil
            return nil
        }
    }
}
