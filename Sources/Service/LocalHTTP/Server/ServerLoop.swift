import CLinux
import Files
import Glibc
import Time

/// The connections of one event loop: accepts them, reads, has requests answered in place, and sends.
///
/// `@unchecked Sendable`: everything below is used on the loop's queue only; other threads go through `events.submit`.
final class ServerLoop: @unchecked Sendable {
    let events: EventLoop
    let limits: ServerLimits
    /// The limit, in nanoseconds: it is used with every request.
    let idleTime: Int64
    let handler: any RequestHandler
    private(set) var time = LoopTime()
    private(set) var date = HTTPDate()
    var connections = ConnectionTable()
    var generation: UInt32 = 0
    var listeners: [Listener] = []
    /// Shared by all connections: the input of one `recv`, and the responses of one batch.
    private let input = ReceiveBuffer()
    var output = ResponseBuffer()
    /// Passed to a connection that holds part of a request, and replaced by a new one.
    private var parser: RequestParser
    private var diagnosis = SocketDiagnosis()
    /// A time no later than the earliest deadline of a connection.
    var nextSweep: Int64 = .max
    var resumesAccepting: Int64 = .max
    /// Connections with requests that wait for the next turn, and those whose turn this is.
    var queued: [Connection] = []
    private var due: [Connection] = []
    private(set) var turn: UInt64 = 0
    /// The bytes received in this turn.
    private var received = 0
    private(set) var isDraining = false
    private var drainBegan: Int64 = 0
    private var drainDeadline: Int64 = .max
    private var drained: (@Sendable () -> Void)?

    /// Requests of one connection that are answered before the others have their turn.
    static let answersPerTurn = 16
    /// Nanoseconds of a turn after which each connection has one request answered and the rest in a later turn.
    static let turnTime: Int64 = 2_000_000
    static let second: Int64 = 1_000_000_000
    /// Bytes received in a turn after which each connection is read in smaller steps. Chunks of one byte take some 15 ns a byte to read,
    /// so that two hundred connections full of them would take a turn of 200 ms.
    private static let turnBytes = 256 * 1024
    private static let smallStep = 4 * 1024
    /// The size of the responses at which the batch is sent, so that a peer that never reads holds no more. The last response
    /// of the batch may exceed it.
    private static let batchBytes = 64 * 1024
    static let listenerBit: UInt64 = 1 << 63
    static let readable = EPOLLIN.rawValue | EPOLLRDHUP.rawValue

    init(events: EventLoop, limits: ServerLimits, handler: any RequestHandler) {
        self.events = events
        self.limits = limits
        idleTime = limits.idleTime.nanoseconds
        self.handler = handler
        parser = RequestParser(limits: limits)
        output.bytes.reserveCapacity(64 * 1024)
    }

    /// Starts serving the listeners. Call it once; the running loop keeps this object alive until it is stopped.
    func start(_ listeners: [Listener]) throws(SystemCallError) {
        for (index, listener) in listeners.enumerated() { try watch(listener, at: index) }
        self.listeners = listeners
        events.run(
            timeout: { [self] in timeout() }, began: { [self] in readClocks() },
            serve: { [self] in serve($0, events: $1) }, turned: { [self] in finishTurn() })
    }

    private func readClocks() {
        time.boot = linux_nanoseconds(CLOCK_BOOTTIME)
        time.wall = linux_nanoseconds(CLOCK_REALTIME)
        date.update(wallNanoseconds: time.wall)
        turn &+= 1
        received = 0
        (due, queued) = (queued, [])
        handler.begin(time)
    }

    private func finishTurn() {
        answerDue()
        sweep()
        handler.end()
    }

    /// Answers the requests that waited for this turn; those that the turn has no time for go first in the next one.
    private func answerDue() {
        for (index, connection) in due.enumerated() {
            guard index == 0 || hasTime else {
                queued = due[index...] + queued
                break
            }
            connection.isQueued = false
            guard connections.holds(connection) else { continue }
            answerHeld(connection)
            flush(connection)
        }
        due = []
    }

    private var hasTime: Bool { linux_nanoseconds(CLOCK_BOOTTIME) - time.boot < Self.turnTime }

    /// Whether another request of the connection may be answered in this turn: always the first, so that each connection gets on.
    func mayAnswer(_ connection: Connection) -> Bool {
        guard connection.phase == .reading, connection.resumesAt == 0 else { return false }
        return connection.turn != turn || connection.answers < Self.answersPerTurn && hasTime
    }

    private func timeout() -> Int32 {
        if !queued.isEmpty { return 0 }
        let next = min(nextSweep, resumesAccepting)
        guard next != .max else { return -1 }
        return Int32(clamping: max(0, (next - time.boot) / 1_000_000 + 1))
    }

    private func serve(_ identifier: UInt64, events ready: UInt32) {
        guard identifier & Self.listenerBit == 0 else { return accept(from: listeners[Int(identifier & ~Self.listenerBit)]) }
        let descriptor = Int32(truncatingIfNeeded: identifier)
        guard let connection = connections[descriptor], connection.identifier == identifier else { return }
        if ready & EPOLLERR.rawValue != 0 { return close(connection, .broken) }
        if ready & EPOLLRDHUP.rawValue != 0 { connection.hasHungUp = true }
        // Our side is open, so EPOLLHUP means that nobody is there to read the response. epoll reports it whatever the interest.
        if ready & EPOLLHUP.rawValue != 0, connection.phase == .answering { return close(connection, .broken) }
        if connection.phase == .answering, ready & EPOLLRDHUP.rawValue != 0 { return noteHalfClose(connection) }
        if ready & EPOLLOUT.rawValue != 0 { flush(connection) }
        if ready & (Self.readable | EPOLLHUP.rawValue) != 0, connections.holds(connection) { receive(connection) }
    }

    // MARK: Reading

    func receive(_ connection: Connection) {
        let count = input.fill(from: connection.peer.descriptor, atMost: received < Self.turnBytes ? .max : Self.smallStep)
        received += max(0, count)
        guard count > 0 else {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            return count == 0 ? endOfInput(connection) : close(connection, .broken)
        }
        guard connection.phase == .reading else { return }  // lingering: input is read and dropped
        connection.lastActive = time.boot
        if connection.held.isEmpty {
            input.with(first: count) { answerAll(connection, $0) }
        } else {
            connection.held.append(contentsOf: input.copy(0..<count))
            answerHeld(connection)
        }
        flush(connection)
    }

    /// Handles the peer's last byte. An incomplete request is dropped; a request being answered is still answered.
    private func endOfInput(_ connection: Connection) {
        connection.isReadClosed = true
        if connection.phase == .reading && connection.unsent.isEmpty || connection.phase == .lingering {
            close(connection, .finished)
        } else {
            listen(connection, for: connection.unsent.isEmpty ? UInt32(0) : EPOLLOUT.rawValue)
        }
    }

    /// Handles the end of the peer's input while its request is being answered. A program that waits for the answer has closed its half
    /// alone; where nobody holds the other end any more, nobody waits.
    private func noteHalfClose(_ connection: Connection) {
        connection.isReadClosed = true
        listen(connection, for: 0)
        if isAbandoned(connection) { close(connection, .broken) }
    }

    /// Whether nobody holds the other end of a connection any more.
    func isAbandoned(_ connection: Connection) -> Bool {
        connection.isGone || connection.peer.transport == .loopback && diagnosis?.peer(of: connection.peer) == .gone
    }

    /// Answers every complete request in the shared input buffer; remaining bytes move to the connection.
    private func answerAll(_ connection: Connection, _ bytes: Span<UInt8>) {
        let count = bytes.count
        var start = 0
        parser.takesAnyHost = connection.peer.transport == .unix
        while start < count, mayAnswer(connection), output.bytes.count < Self.batchBytes {
            let rest = bytes.extracting(start..<count)
            if !isDraining, let known = handler.respondAgain(to: rest, on: connection, into: &output) {
                start += known.length
                countRequest(of: connection)
                if known.closes {
                    connection.endsItself = start == count
                    linger(connection)
                }
                continue
            }
            switch parser.parse(rest) {
            case .complete(let length):
                start += length
                respond(connection, parser: parser, message: rest.extracting(0..<length), isLast: start == count)
                parser.reset()
            case .needsMore:
                connection.parser = parser
                parser = RequestParser(limits: limits)
                return hold(connection, from: start, to: count)
            case .refused(let fault):
                let omitsBody = parser.head.method == .head
                parser.reset()
                return refuse(fault, on: connection, omitsBody: omitsBody)
            }
        }
        // Bytes behind a request that is answered later, or behind a full batch of responses, wait.
        if start < count, connection.phase != .lingering { hold(connection, from: start, to: count) }
    }

    private func hold(_ connection: Connection, from start: Int, to end: Int) {
        connection.held.append(contentsOf: input.copy(start..<end))
        awaitMore(connection)
    }

    /// Continues a request that arrived in pieces, then the requests behind it.
    func answerHeld(_ connection: Connection) {
        let bytes = connection.held
        var start = 0
        defer {
            if connection.phase == .lingering { connection.held = [] } else if start > 0 { connection.held = Array(bytes[start...]) }
        }
        while start < bytes.count, mayAnswer(connection), output.bytes.count < Self.batchBytes {
            let reader = connection.parser ?? RequestParser(limits: limits)
            connection.parser = nil
            reader.takesAnyHost = connection.peer.transport == .unix
            switch reader.parse(bytes.span.extracting(start..<bytes.count)) {
            case .complete(let length):
                let message = bytes.span.extracting(start..<start + length)
                start += length
                respond(connection, parser: reader, message: message, isLast: start == bytes.count)
                connection.requestBegan = nil
                connection.hasSentContinue = false
            case .needsMore:
                // Against chunks of one byte with extensions: the coded body may not exceed a few times the body limit.
                guard bytes.count - start <= limits.headerBytes + 4 * limits.bodyBytes else {
                    return refuse(.payloadTooLarge, on: connection, omitsBody: reader.head.method == .head)
                }
                connection.parser = reader
                return awaitMore(connection)
            case .refused(let fault):
                return refuse(fault, on: connection, omitsBody: reader.head.method == .head)
            }
        }
        if connection.phase == .reading, connection.resumesAt == 0 { markIdle(connection) }
    }

    /// Whether the held bytes may contain complete requests, not only the beginning of one.
    func hasUnanswered(_ connection: Connection) -> Bool {
        !connection.held.isEmpty && connection.parser == nil
    }

    func awaitMore(_ connection: Connection) {
        guard connection.phase == .reading, let reader = connection.parser else { return }
        // An empty line between requests does not begin one (RFC 9112 §2.2): the connection stays idle.
        guard reader.hasBegun else { return setDeadline(connection, time.boot + idleTime) }
        let began = connection.requestBegan ?? time.boot
        connection.requestBegan = began
        if reader.hasHead, reader.head.expectsContinue, !connection.hasSentContinue {
            connection.hasSentContinue = true
            output.append("HTTP/1.1 100 Continue\r\n\r\n")
        }
        setDeadline(connection, began + (reader.hasHead ? limits.requestTime : limits.headerTime).nanoseconds)
    }

    // MARK: Draining

    /// Stops accepting and calls back when the last connection has been answered and closed, or the time has passed.
    func drain(within time: Duration, _ done: @escaping @Sendable () -> Void) {
        isDraining = true
        drainBegan = self.time.boot
        drainDeadline = drainBegan + time.nanoseconds
        nextSweep = min(nextSweep, drainDeadline)
        drained = done
        for listener in listeners { events.unwatch(listener.descriptor) }
        listeners = []
        for connection in connections.all where connection.isIdle {
            // Read the input that has arrived: closing a connection with unread input would reset it.
            receive(connection)
            guard connections.holds(connection), connection.isIdle else { continue }
            if connection.exchange > 0, connection.held.isEmpty { close(connection, .drained) } else { nextSweep = min(nextSweep, requestEnd) }
        }
        finishDraining()
    }

    /// While draining: how long to wait for a request that has begun to arrive, or for the first request of a connection. Its peer
    /// could not know about the stop, but a slow sender must not delay it.
    private var requestEnd: Int64 { drainBegan + limits.firstRequestGrace.nanoseconds }

    func finishDraining() {
        guard isDraining, connections.isEmpty, let done = drained else { return }
        drained = nil
        handler.end()
        done()
    }

    // MARK: Deadlines

    /// Marks the connection as idle until its next request.
    func markIdle(_ connection: Connection) {
        connection.requestBegan = nil
        connection.lastActive = time.boot
        setDeadline(connection, time.boot + idleTime)
    }

    func setDeadline(_ connection: Connection, _ deadline: Int64) {
        connection.deadline = deadline
        nextSweep = min(nextSweep, deadline)
    }

    /// Reads a connection again whose pause is over; false where it is not, or the connection ended.
    private func resume(_ connection: Connection) -> Bool {
        guard connection.resumesAt <= time.boot || isDraining else {
            nextSweep = min(nextSweep, connection.resumesAt)
            return false
        }
        connection.resumesAt = 0
        markIdle(connection)
        answerHeld(connection)
        flush(connection)
        return connections.holds(connection)
    }

    /// Ends the connections past their deadline. It visits all connections, but only when the earliest deadline has passed.
    private func sweep() {
        if time.boot >= resumesAccepting { resumeAccepting() }
        guard time.boot >= nextSweep else { return }
        nextSweep = drainDeadline
        for connection in connections.all {
            if connection.resumesAt > 0, !resume(connection) { continue }
            if connection.phase == .reading, connection.requestBegan == nil, connection.unsent.isEmpty {
                connection.deadline = connection.lastActive + idleTime
            }
            if isDraining, connection.isIdle { connection.deadline = min(connection.deadline, requestEnd) }
            if time.boot >= drainDeadline { connection.deadline = time.boot }
            guard connection.deadline <= time.boot else {
                nextSweep = min(nextSweep, connection.deadline)
                continue
            }
            if connection.phase == .reading, connection.requestBegan != nil, connection.unsent.isEmpty {
                refuse(.timedOut, on: connection, omitsBody: connection.parser?.head.method == .head)
                flush(connection)
            } else {
                close(connection, isDraining ? .drained : .deadline)
            }
        }
    }
}
