import Tokens

/// The callers waiting for one token, by number.
struct WaiterList {
    typealias Continuation = CheckedContinuation<Result<Token?, TokenRefusal>, Never>

    private var waiters: [UInt64: (waiter: Waiter, continuation: Continuation)] = [:]
    private var next: UInt64 = 0

    /// Reserves a number for a waiter before its continuation exists.
    mutating func reserve() -> UInt64 {
        next += 1
        return next
    }

    mutating func add(_ waiter: Waiter, _ continuation: Continuation, number: UInt64) {
        waiters[number] = (waiter, continuation)
    }

    mutating func remove(_ number: UInt64) -> Continuation? {
        waiters.removeValue(forKey: number)?.continuation
    }

    var all: [(UInt64, Waiter)] { waiters.map { ($0.key, $0.value.waiter) } }
}
