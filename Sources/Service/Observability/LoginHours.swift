import Synchronization
package import Time
package import Tokens

/// Counts logins by the hour, for the last 24 hours.
package final class LoginHours: EventSink {
    package struct Hour: Sendable, Equatable {
        /// Its beginning.
        package var at: WallTime
        package var succeeded = 0
        package var failed = 0
    }

    private static let length: Int64 = 3_600_000_000_000
    /// The hours kept: the present one and those before.
    private static let count: Int64 = 24

    private let clocks: any Clocks
    /// When counting began.
    package let began: WallTime
    /// By number of the hour since 1970.
    private let hours = Mutex<[Int64: Hour]>([:])

    package init(clocks: any Clocks) {
        self.clocks = clocks
        began = clocks.wall
    }

    /// The beginning of the first hour that counts now.
    package var start: WallTime { Self.beginning(Self.number(clocks.wall) - Self.count + 1) }

    package func record(_ event: BrokerEvent) {
        switch event {
        case .tokenAdopted: add(at: clocks.wall, succeeded: 1, failed: 0)
        case .loginFailed(_, let failure, _, _, _) where failure.failureClass != .waiting: add(at: clocks.wall, succeeded: 0, failed: 1)
        default: break
        }
    }

    /// Adds logins, such as those of an earlier process.
    package func add(at time: WallTime, succeeded: Int, failed: Int) {
        let (number, now) = (Self.number(time), Self.number(clocks.wall))
        hours.withLock { hours in
            hours[number, default: Hour(at: Self.beginning(number))].succeeded += succeeded
            hours[number]?.failed += failed
            if hours.count > 2 * Self.count { hours = hours.filter { $0.key > now - Self.count } }
        }
    }

    /// Every hour of the last 24, the oldest first.
    package var all: [Hour] {
        let now = Self.number(clocks.wall)
        return hours.withLock { hours in (now - Self.count + 1...now).map { hours[$0] ?? Hour(at: Self.beginning($0)) } }
    }

    private static func number(_ time: WallTime) -> Int64 { time.nanoseconds / length }
    private static func beginning(_ number: Int64) -> WallTime { WallTime(nanoseconds: number * length) }
}
