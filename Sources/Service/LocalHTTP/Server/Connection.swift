/// An accepted connection. Used on its loop only.
///
/// It owns memory only while it holds part of a request or of a response.
public final class Connection {
    enum Phase {
        /// Waiting for a request or the rest of one.
        case reading
        /// A ticket for the current request has been issued.
        case answering
        /// The last response was written: send the rest, then read and discard input so that the peer receives it (RFC 9112 §9.6).
        case lingering
    }

    public let peer: Peer
    /// The context the handler returned when the connection was accepted.
    public let context: AnyObject?
    /// The share that this connection counts towards; `join` changes it.
    public internal(set) var share: ConnectionShare
    /// The use of that share, while the connection is in the table.
    var use: ShareUse?
    /// The number of requests so far, which identifies the current one.
    public internal(set) var exchange: UInt64 = 0
    /// What the handler keeps about the last request.
    public var memory: AnyObject?

    let generation: UInt32
    unowned let loop: ServerLoop
    var phase = Phase.reading
    /// The bytes of an incomplete request, and the parser that has read part of it.
    var held: [UInt8] = []
    var parser: RequestParser?
    /// The part of the responses that the socket has not accepted yet.
    var unsent: ArraySlice<UInt8> = []
    /// What it holds, and how much of that its share has counted. What was sent of `unsent` stays in memory until the rest is sent.
    var heldBytes: Int { held.count + unsent.endIndex }
    var countedBytes = 0
    var hasSentContinue = false
    /// Whether the kernel has reported the end of the peer's input, which may not have been read yet.
    var hasHungUp: Bool
    /// Whether nobody held the other end any more when the connection was accepted.
    let isGone: Bool
    /// Whether the peer has sent its last byte; a request being answered is still answered.
    var isReadClosed = false
    /// For the request being answered later: whether it is HEAD, and whether it is the last one.
    var omitsBody = false
    var closesAfterAnswer = false
    /// When the current phase times out and ends the connection, in boot-time nanoseconds.
    var deadline: Int64 = .max
    /// When the request being read began, in boot-time nanoseconds; nil between requests.
    var requestBegan: Int64?
    var lastActive: Int64 = 0
    /// The loop's turn that the last request was answered in, and how many were in it.
    var turn: UInt64 = 0
    var answers = 0
    /// Whether requests that have arrived wait for the next turn.
    var isQueued = false
    /// When the connection is read again after it exceeded a rate, in boot-time nanoseconds; 0: it is read.
    var resumesAt: Int64 = 0
    /// The events that epoll watches for; nil: it does not know of the connection yet.
    var interest: UInt32?
    /// Whether the peer has said that it sends no further request, and has sent nothing behind the last one.
    var endsItself = false

    init(peer: Peer, admittance: Admittance, generation: UInt32, loop: ServerLoop) {
        self.peer = peer
        context = admittance.context
        share = admittance.share
        isGone = admittance.isGone
        hasHungUp = admittance.isGone
        self.generation = generation
        self.loop = loop
    }

    /// The right to answer the current request later.
    public func ticket() -> ReplyTicket {
        ReplyTicket(loop: loop, descriptor: peer.descriptor, generation: generation, exchange: exchange)
    }

    /// Whether its peer is gone already, so that nobody waits for an answer. Asks the kernel, and only after the end of the peer's input.
    public func isAbandoned() -> Bool { hasHungUp && loop.isAbandoned(self) }

    /// Moves the connection to another share; where that share is over its limit, its longest idle connection is closed.
    public func join(_ share: ConnectionShare) {
        guard share != self.share else { return }
        loop.move(self, to: share)
    }

    /// Whether the connection is between requests, or within a request that is incomplete.
    var isIdle: Bool { phase == .reading && unsent.isEmpty }

    /// The identifier of this connection in epoll.
    var identifier: UInt64 { UInt64(generation) << 32 | UInt64(UInt32(bitPattern: peer.descriptor)) }
}
