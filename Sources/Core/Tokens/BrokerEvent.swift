/// An event in a token's life, as log, metrics and tests receive it. Contains no secret.
package enum BrokerEvent: Sendable {
    case loginBegan(token: String, trigger: TokenState.Trigger)
    case tokenAdopted(token: String, fingerprint: String, adoption: Adoption, lifetime: Duration?, nextRefresh: Duration?, took: Duration)
    /// Another host of the fleet logged in; this host serves its token too.
    case tokenShared(token: String, fingerprint: String, lifetime: Duration?, nextRefresh: Duration?)
    /// The fleet's store is lost, and this host logs in without a lock.
    case loginAlone(token: String)
    /// A stored record of the fleet that cannot be read, under this key of etcd.
    case fleetRecordUnread(key: String, fault: FleetRecordFault)
    /// The clocks of etcd's members differ.
    case fleetClocksDiffer(by: Duration)
    /// A lock of the fleet that nobody may hold any more was passed over.
    case fleetLockBroken(token: String, holder: String)
    /// A refresh failed, and the login was made instead: the partner has ended the refresh token, or somebody else used it.
    case refreshFailed(token: String, failure: LoginFailure)
    case loginFailed(token: String, failure: LoginFailure, nextAttempt: Duration?, isLatched: Bool, took: Duration)
    /// A login ended after the entry was changed or removed; its result was dropped.
    case lateResultDropped(token: String)
    /// The partner's `Date` contradicts the expiry it states; the local clock was used.
    case partnerClockIgnored(token: String)
    /// A source of the token's end of life was there and said nothing usable; the next one was read.
    case expirySourceIgnored(token: String, source: String)
    /// The token's `nbf` is this far ahead of its answer's `Date`; it is served from then on.
    case tokenNotYetValid(token: String, wait: Duration)
    case rejectionReported(token: String, fingerprint: String, outcome: ReportOutcome)
    case tokenDropped(token: String)
    /// An operator paused, revoked or, with nil, resumed the entry.
    case held(token: String, hold: TokenState.Hold?)
    /// The partner did not end the session of a token that was revoked.
    case logoutFailed(token: String, failure: LoginFailure)
    case reloaded(added: Int, changed: Int, removed: Int)
    /// The content of one of the entry's secret files changed; the entry logs in again.
    case secretChanged(token: String)
    /// Secrets of the entry that cannot be read; its token lives on, but the next login needs one of them.
    case secretUnreadable(token: String, problem: String)
    case reloadRefused(faults: [String])
    /// Tokens are kept only in memory until the store works again.
    case storeFailed(reason: String)
    case storeRecovered
    /// A new refresh token cannot be written; the write is tried every second.
    case refreshTokenUnsecured(token: String, reason: String)
    /// The token did not reach a file or command that it goes to; it is tried again.
    case sinkFailed(token: String, sink: String, reason: String)
    /// It is on disk now.
    case refreshTokenSecured(token: String)
}
