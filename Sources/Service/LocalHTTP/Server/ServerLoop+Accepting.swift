import CLinux
import Files
import Glibc

extension ServerLoop {
    /// Accepts waiting connections, at most 64 at once so that other connections are served in between.
    func accept(from listener: Listener) {
        guard !isDraining else { return }
        for _ in 0..<64 {
            let descriptor = linux_accept(listener.descriptor)
            guard descriptor >= 0 else {
                if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM { pauseAccepting() }
                return
            }
            admit(descriptor, from: listener)
        }
    }

    private func admit(_ descriptor: Int32, from listener: Listener) {
        generation = (generation + 1) & 0x7FFF_FFFF
        var transport = Peer.Transport.loopback
        if case .unix = listener.address { transport = .unix }
        if transport == .loopback {
            var on: Int32 = 1
            _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        let peer = Peer(transport: transport, descriptor: descriptor)
        let connection = Connection(peer: peer, admittance: handler.accept(peer), generation: generation, loop: self)
        connection.interest = Self.readable
        connection.lastActive = time.boot
        connections.insert(connection)
        makeRoom(for: connection)
        if connection.isGone {
            receive(connection)
            if connections.holds(connection) { close(connection, .broken) }
            return
        }
        do {
            try events.watch(descriptor, identifier: connection.identifier, for: connection.interest)
        } catch {
            return close(connection, .broken)
        }
        markIdle(connection)
    }

    func move(_ connection: Connection, to share: ConnectionShare) {
        connections.move(connection, to: share)
        makeRoom(for: connection)
    }

    private func makeRoom(for newcomer: Connection) {
        while let surplus = connections.connectionToClose(for: newcomer, limits: limits, now: time.boot) { close(surplus, .evicted) }
    }

    /// Stops accepting for a moment when out of descriptors: the kernel keeps the queue, and the loop does not spin on it
    /// (accept(2), ERRORS).
    private func pauseAccepting() {
        for listener in listeners { events.unwatch(listener.descriptor) }
        resumesAccepting = time.boot + Self.second / 5
    }

    func resumeAccepting() {
        resumesAccepting = .max
        guard !isDraining else { return }
        for (index, listener) in listeners.enumerated() { try? watch(listener, at: index) }
    }

    func watch(_ listener: Listener, at index: Int) throws(SystemCallError) {
        try events.watch(listener.descriptor, identifier: Self.listenerBit | UInt64(index), for: EPOLLIN.rawValue | EPOLLEXCLUSIVE.rawValue)
    }
}
