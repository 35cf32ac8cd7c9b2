/// One accepted connection. Touched on its loop only.
///
/// It owns memory only while it holds part of a request or the rest of an answer.
public final class Connection {
    enum Phase {
        /// Waiting for a request or its rest.
        case reading
        /// A ticket for the current request is out.
        case answering
        /// The answer was final: sending what is left, then reading the peer out so that it gets it (RFC 9112 §9.6).
        case lingering
    }

    public let peer: Peer
    /// What the handler made of the peer when it was accepted.
    public let context: AnyObject?
    /// Whose connections this one counts among; `join` changes it.
    public internal(set) var share: ConnectionShare
    /// Requests seen so far; names the current one.
    public internal(set) var exchange: UInt64 = 0

    let generation: UInt32
    unowned let loop: ServerLoop
    var phase = Phase.reading
    /// Bytes of a request that is not whole yet, and how far it has been read.
    var held: [UInt8] = []
    var parser: RequestParser?
    /// The part of answers the socket did not take yet.
    var unsent: [UInt8] = []
    var hasSentContinue = false
    /// The peer has sent its last byte; what it asked for is still answered.
    var isReadClosed = false
    /// The request being answered later: HEAD, and whether it was the last one.
    var omitsBody = false
    var closesAfterAnswer = false
    /// Boot-time nanoseconds: when the current phase ends the connection.
    var deadline: Int64 = .max
    /// When the request being read began; nil between requests.
    var requestBegan: Int64?
    var lastActive: Int64 = 0
    var interest: UInt32 = 0

    init(peer: Peer, admittance: Admittance, generation: UInt32, loop: ServerLoop) {
        self.peer = peer
        context = admittance.context
        share = admittance.share
        self.generation = generation
        self.loop = loop
    }

    /// The right to answer the current request later.
    public func ticket() -> ReplyTicket {
        ReplyTicket(loop: loop, descriptor: peer.descriptor, generation: generation, exchange: exchange)
    }

    /// Counts the connection among another share from now on; when that is full its longest idle one is closed.
    public func join(_ share: ConnectionShare) {
        guard share != self.share else { return }
        loop.move(self, to: share)
    }

    /// Between requests, or within one that has not come to its end.
    var isIdle: Bool { phase == .reading && unsent.isEmpty }

    /// What the loop files this connection under in epoll.
    var identifier: UInt64 { UInt64(generation) << 32 | UInt64(UInt32(bitPattern: peer.descriptor)) }
}
