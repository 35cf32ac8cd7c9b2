import Time

/// The open connections of one loop by descriptor, and the number of connections in each share.
struct ConnectionTable {
    private var slots: [Connection?] = []
    private var shares: [ConnectionShare.Owner: ShareUse] = [:]
    private(set) var count = 0

    /// Shares without connections that are kept for the next one.
    private static let unusedShares = 64

    var isEmpty: Bool { count == 0 }

    subscript(_ descriptor: Int32) -> Connection? {
        let place = Int(descriptor)
        return place < slots.count ? slots[place] : nil
    }

    func holds(_ connection: Connection) -> Bool { self[connection.peer.descriptor] === connection }

    var all: [Connection] { slots.compactMap { $0 } }

    mutating func insert(_ connection: Connection) {
        let place = Int(connection.peer.descriptor)
        if place >= slots.count { slots += Array(repeating: nil, count: max(64, place + 1 - slots.count)) }
        slots[place] = connection
        count += 1
        join(connection.share, connection)
    }

    /// Removes a connection; false where it was already removed.
    mutating func remove(_ connection: Connection) -> Bool {
        guard holds(connection) else { return false }
        slots[Int(connection.peer.descriptor)] = nil
        count -= 1
        leave(connection)
        return true
    }

    mutating func move(_ connection: Connection, to share: ConnectionShare) {
        guard holds(connection), connection.share != share else { return }
        leave(connection)
        connection.share = share
        join(share, connection)
    }

    private mutating func join(_ share: ConnectionShare, _ connection: Connection) {
        let use: ShareUse
        if let found = shares[share.owner] {
            use = found
        } else {
            if shares.count > Self.unusedShares { shares = shares.filter { $0.value.count > 0 } }
            use = ShareUse(limit: share.limit)
            shares[share.owner] = use
        }
        use.count += 1
        use.limit = share.limit
        use.bytes += connection.countedBytes
        connection.use = use
    }

    private func leave(_ connection: Connection) {
        connection.use?.count -= 1
        connection.use?.bytes -= connection.countedBytes
        connection.use = nil
    }

    /// Counts what a connection holds. Returns the one to close where its share holds more than it may: the one that holds most.
    ///
    /// The longest unread answer of a share does not count, so that an answer of any length can be read: `/metrics` of 100,000 tokens
    /// has 30 MB.
    mutating func count(_ connection: Connection, limit: Int) -> Connection? {
        let bytes = connection.heldBytes
        connection.use?.bytes += bytes - connection.countedBytes
        connection.countedBytes = bytes
        guard bytes > 0, let use = connection.use, use.bytes > limit else { return nil }
        var (most, longestAnswer): (Connection?, Int) = (nil, 0)
        for case let other? in slots where other.share.owner == connection.share.owner {
            longestAnswer = max(longestAnswer, other.unsent.endIndex)
            if other.countedBytes > most?.countedBytes ?? 0 { most = other }
        }
        return use.bytes - longestAnswer > limit ? most : nil
    }

    /// The connection to close to make room for a newcomer, if any.
    ///
    /// Where the newcomer's share is over its limit, this is the longest idle connection of the share, once it has been idle for
    /// `idleGrace`; connections in use and new ones about to send their first request stay. Where the whole table is over its
    /// limit, this is, without grace, the longest idle connection of the share furthest over its own limit, so that no peer can
    /// lock out the others.
    func connectionToClose(for newcomer: Connection, limits: ServerLimits, now: Int64) -> Connection? {
        if newcomer.use?.count ?? 0 > newcomer.share.limit, let oldest = longestIdle(newcomer.share.owner, except: newcomer),
            oldest.isIdle, now - oldest.lastActive >= limits.idleGrace.nanoseconds
        {
            return oldest
        }
        guard count > limits.connections else { return nil }
        for share in shares.sorted(by: { $0.value.count - $0.value.limit > $1.value.count - $1.value.limit }) {
            if let oldest = longestIdle(share.key, except: newcomer) { return oldest }
        }
        return nil
    }

    /// The longest idle connection of a share; connections awaiting a response come after idle ones.
    private func longestIdle(_ owner: ConnectionShare.Owner, except newcomer: Connection) -> Connection? {
        var found: Connection?
        for case let connection? in slots where connection.share.owner == owner && connection !== newcomer {
            guard let best = found else {
                found = connection
                continue
            }
            // Of those active in the same batch, the one that was accepted first.
            let isOlder = (connection.lastActive, connection.generation) < (best.lastActive, best.generation)
            if connection.isIdle != best.isIdle ? connection.isIdle : isOlder { found = connection }
        }
        return found
    }
}

/// How much of a share is in use.
final class ShareUse {
    var count = 0
    var limit: Int
    /// What its connections hold together.
    var bytes = 0

    init(limit: Int) {
        self.limit = limit
    }
}
