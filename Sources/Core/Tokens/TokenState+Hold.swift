package import Time

/// What an operator has ordered about an entry; it stays over restarts until the operator takes it back.
extension TokenState {
    package enum Hold: String, Sendable {
        /// No login is made; the token in hand is served as long as it lives.
        case paused
        /// No login is made, and the token in hand was given up.
        case revoked
    }

    /// Another login of the same entry, held as this one is.
    package var onlyHold: TokenState {
        var state = TokenState(policy: policy)
        state.hold = hold
        return state
    }

    /// Stops all logins of the entry.
    package mutating func pause() {
        hold = hold ?? .paused
        wishes.requested = nil
    }

    /// Gives the token in hand up and stops all logins.
    package mutating func revoke() {
        hold = .revoked
        wishes.requested = nil
        (token, plan, trouble) = (nil, nil, nil)
    }

    /// Lets logins be made again.
    ///
    /// - Returns: false where nothing held them.
    package mutating func resume(at now: BootInstant) -> Bool {
        guard hold != nil else { return false }
        hold = nil
        release()
        asked(at: now)
        return true
    }
}
