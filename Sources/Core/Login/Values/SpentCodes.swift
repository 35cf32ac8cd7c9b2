import Synchronization

/// One-time passwords that were sent: a partner takes each once.
final class SpentCodes: Sendable {
    /// The last counter by seed.
    private let last = Mutex<[[UInt8]: Int64]>([:])

    /// Notes the use of a code; false if this one, or a later one of the same seed, was used before.
    func spend(_ secret: [UInt8], _ counter: Int64) -> Bool {
        last.withLock { last in
            if let known = last[secret], known >= counter { return false }
            last[secret] = counter
            return true
        }
    }
}
