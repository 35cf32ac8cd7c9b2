/// Why a connection ended.
public enum ConnectionEnd: Int, Sendable, CaseIterable {
    /// The peer closed it, or its last response was sent.
    case finished
    /// The peer reset it, or sending failed.
    case broken
    /// A deadline passed: the connection was idle, a request was not completed, or the peer did not read.
    case deadline
    /// Its share or the whole table was full.
    case evicted
    case drained
}
