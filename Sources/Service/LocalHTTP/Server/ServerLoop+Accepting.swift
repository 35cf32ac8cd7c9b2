import CLinux
import Files
import Glibc

extension ServerLoop {
    /// Accepts what waits, at most 64 at once so that the others are served in between.
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
        makeRoom(beside: connection)
        do {
            try events.watch(descriptor, identifier: connection.identifier, for: connection.interest)
        } catch {
            return close(connection, .broken)
        }
        rest(connection)
    }

    func move(_ connection: Connection, to share: ConnectionShare) {
        connections.move(connection, to: share)
        makeRoom(beside: connection)
    }

    private func makeRoom(beside newcomer: Connection) {
        while let surplus = connections.surplus(beside: newcomer, limits: limits, now: time.boot) { close(surplus, .evicted) }
    }

    /// Out of descriptors: leaves the queue to the kernel for a moment instead of turning on it (accept(2), ERRORS).
    private func pauseAccepting() {
        for listener in listeners { events.forget(listener.descriptor) }
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
