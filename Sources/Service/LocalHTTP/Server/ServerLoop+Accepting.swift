import CLinux
import Files
import Glibc

extension ServerLoop {
    /// Accepts waiting connections, at most 64 at once so that other connections are served in between.
    func accept(from listener: Listener) {
        guard !isDraining else { return }
        for _ in 0..<64 {
            var far = linux_endpoint()
            let descriptor = unsafe linux_accept(listener.descriptor, &far)
            guard descriptor >= 0 else {
                if errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM { pauseAccepting() }
                return
            }
            admit(descriptor, from: listener, far: Endpoint(far))
        }
    }

    private func admit(_ descriptor: Int32, from listener: Listener, far: Endpoint?) {
        generation = (generation + 1) & 0x7FFF_FFFF
        let peer = Peer(transport: listener.near == nil ? .unix : .loopback, descriptor: descriptor, near: listener.near, far: far)
        let connection = Connection(peer: peer, admittance: handler.accept(peer), generation: generation, loop: self)
        connections.insert(connection)
        makeRoom(for: connection)
        guard connections.holds(connection) else { return }
        markIdle(connection)
        // The first request is there already as a rule: where the connection ends with its answer, epoll never has to know of it.
        receive(connection)
        guard connections.holds(connection) else { return }
        if connection.isGone { return close(connection, .broken) }
        if connection.interest == nil { listen(connection, for: Self.readable) }
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
