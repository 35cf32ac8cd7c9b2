/// Why a connection ended.
public enum ConnectionEnd: Int, Sendable, CaseIterable {
    /// The peer closed it, or its last answer was sent.
    case finished
    /// The peer reset it, or sending failed.
    case broken
    /// A deadline passed: idle, a request that did not come to its end, a reader that never read.
    case deadline
    /// Its share, or the whole table, was full.
    case evicted
    case drained
}
