import CLinux
import Glibc

extension ServerLoop {
    /// Sends the batch's answers, after what the socket did not take before. What it does not take now is parked, and
    /// the connection reads no further until it is gone.
    func flush(_ connection: Connection) {
        defer { output.bytes.removeAll(keepingCapacity: true) }
        guard connections[connection.peer.descriptor] === connection else { return }
        if connection.unsent.isEmpty {
            guard !output.bytes.isEmpty else { return settle(connection) }
            let sent = send(output.bytes.span, to: connection.peer.descriptor)
            guard sent >= 0 else { return close(connection) }
            if sent < output.bytes.count { connection.unsent = Array(output.bytes[sent...]) }
        } else {
            connection.unsent.append(contentsOf: output.bytes)
            let sent = send(connection.unsent.span, to: connection.peer.descriptor)
            guard sent >= 0 else { return close(connection) }
            connection.unsent.removeFirst(sent)
        }
        settle(connection)
    }

    /// Bytes sent, 0 when the socket is full, -1 when it is broken.
    private func send(_ bytes: Span<UInt8>, to descriptor: Int32) -> Int {
        let sent = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if sent < 0, errno == EAGAIN || errno == EINTR { return 0 }
        return sent
    }

    /// Brings what the loop waits for in line with the connection's state.
    private func settle(_ connection: Connection) {
        if !connection.unsent.isEmpty {
            if connection.phase == .reading { setDeadline(connection, time.boot + limits.idleTime.wholeNanoseconds) }
            return listen(connection, for: EPOLLOUT.rawValue)
        }
        switch connection.phase {
        case .lingering:
            shutdown(connection.peer.descriptor, Int32(SHUT_WR))
            if connection.isReadClosed { close(connection) } else { listen(connection, for: Self.readable) }
        case .answering:
            listen(connection, for: 0)
        case .reading:
            guard !connection.isReadClosed else { return close(connection) }
            if connection.interest != Self.readable {
                if connection.requestBegan == nil { rest(connection) }
                listen(connection, for: Self.readable)
            }
        }
    }

    func listen(_ connection: Connection, for wanted: UInt32) {
        guard connection.interest != wanted else { return }
        connection.interest = wanted
        events.change(connection.peer.descriptor, identifier: connection.identifier, to: wanted)
    }

    func close(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.peer.descriptor) != nil else { return }
        Glibc.close(connection.peer.descriptor)
        finishDraining()
    }
}
