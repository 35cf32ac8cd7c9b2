import CLinux
import Glibc
import Time

extension ServerLoop {
    /// Sends the responses of the batch, after the bytes left over from before. Bytes that the socket does not accept now are
    /// kept, and the connection reads no further until they are sent.
    func flush(_ connection: Connection) {
        guard connections.holds(connection), sendAll(connection) else {
            return clearOutput()
        }
        clearOutput()
        if connection.heldBytes != connection.countedBytes {
            while let surplus = connections.count(connection, limit: limits.shareBytes) { close(surplus, .evicted) }
            guard connections.holds(connection) else { return }
        }
        updateInterest(connection)
    }

    /// Clears the buffer before another response is written into it; what a long answer needed is given back.
    private func clearOutput() {
        output.bytes.removeAll(keepingCapacity: output.bytes.capacity <= 1024 * 1024)
    }

    /// Sends as much as the socket accepts; false where the connection was broken and has been closed.
    private func sendAll(_ connection: Connection) -> Bool {
        guard !connection.unsent.isEmpty || !output.bytes.isEmpty else { return true }
        let isFresh = connection.unsent.isEmpty
        if !isFresh { connection.unsent.append(contentsOf: output.bytes) }
        let sent = send(isFresh ? output.bytes[...] : connection.unsent, on: connection)
        guard sent >= 0 else {
            close(connection, .broken)
            return false
        }
        if !isFresh {
            connection.unsent = sent < connection.unsent.count ? connection.unsent.dropFirst(sent) : []
        } else if sent < output.bytes.count {
            connection.unsent = Array(output.bytes[sent...])[...]
        }
        return true
    }

    /// Returns the number of bytes sent, 0 when the socket is full, -1 when it is broken.
    ///
    /// The end of a connection's output follows its last response at once: with MSG_MORE both go in one segment (tcp(7), send(2)).
    private func send(_ bytes: ArraySlice<UInt8>, on connection: Connection) -> Int {
        let flags = connection.phase == .lingering ? Int32(MSG_NOSIGNAL | MSG_MORE) : Int32(MSG_NOSIGNAL)
        let sent = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(connection.peer.descriptor, $0.baseAddress, $0.count, flags) }
        if sent < 0, errno == EAGAIN || errno == EINTR { return 0 }
        return sent
    }

    /// Sets the epoll events and the deadline that fit the connection's state.
    private func updateInterest(_ connection: Connection) {
        if !connection.unsent.isEmpty {
            if connection.phase != .answering { setDeadline(connection, time.boot + idleTime) }
            return listen(connection, for: EPOLLOUT.rawValue)
        }
        switch connection.phase {
        case .lingering:
            shutdown(connection.peer.descriptor, Int32(SHUT_WR))
            if connection.isReadClosed || connection.endsItself && isDelivered(connection) { return close(connection, .finished) }
            // Everything was sent: the peer has a moment to receive it and to close.
            setDeadline(connection, time.boot + (isDraining ? Self.second / 4 : 2 * Self.second))
            listen(connection, for: Self.readable)
        case .answering:
            listen(connection, for: connection.isReadClosed ? 0 : EPOLLRDHUP.rawValue)
        case .reading:
            if connection.resumesAt > 0 {
                nextSweep = min(nextSweep, connection.resumesAt)
                connection.deadline = .max
                return listen(connection, for: 0)
            }
            if hasUnanswered(connection), !mayAnswer(connection) {
                queue(connection)
                return listen(connection, for: 0)
            }
            if hasUnanswered(connection) {
                answerHeld(connection)
                return flush(connection)
            }
            guard !connection.isReadClosed, !(isDraining && connection.held.isEmpty) else {
                return close(connection, isDraining ? .drained : .finished)
            }
            if let interest = connection.interest, interest != Self.readable {
                if connection.requestBegan == nil { markIdle(connection) } else { awaitMore(connection) }
                listen(connection, for: Self.readable)
            }
        }
    }

    /// Whether the peer has received all that was sent, and has sent nothing more: then there is nothing to wait for. A socket that is closed
    /// with unread input, or that gets more, is reset, and what is still to be sent is lost (RFC 9112 §9.6).
    private func isDelivered(_ connection: Connection) -> Bool {
        linux_unread(connection.peer.descriptor) == 0 && (connection.peer.transport == .unix || linux_unsent(connection.peer.descriptor) == 0)
    }

    /// Has the requests that wait at the connection answered in the next turn, behind those of the others.
    private func queue(_ connection: Connection) {
        guard !connection.isQueued else { return }
        connection.isQueued = true
        queued.append(connection)
    }

    func listen(_ connection: Connection, for wanted: UInt32) {
        guard connection.interest != wanted else { return }
        let isWatched = connection.interest != nil
        connection.interest = wanted
        guard !isWatched else { return events.change(connection.peer.descriptor, identifier: connection.identifier, to: wanted) }
        do {
            try events.watch(connection.peer.descriptor, identifier: connection.identifier, for: wanted)
        } catch {
            close(connection, .broken)
        }
    }

    func close(_ connection: Connection, _ end: ConnectionEnd) {
        guard connections.remove(connection) else { return }
        Glibc.close(connection.peer.descriptor)
        handler.ended(connection, end)
        finishDraining()
    }
}
