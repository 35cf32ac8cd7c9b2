/// Everything that happens to tokens, as values: log, metrics and tests read this one list. Nothing secret is in it.
package enum BrokerEvent: Sendable {
    case loginBegan(token: String, trigger: TokenState.Trigger)
    case tokenAdopted(token: String, fingerprint: String, adoption: Adoption, lifetime: Duration?, nextRefresh: Duration?, took: Duration)
    /// Another host of the fleet logged in; its token is served here too.
    case tokenShared(token: String, fingerprint: String, lifetime: Duration?, nextRefresh: Duration?)
    /// The fleet's store is lost, and this host logs in by itself.
    case loginAlone(token: String)
    case loginFailed(token: String, failure: LoginFailure, nextAttempt: Duration?, isLatched: Bool, took: Duration)
    /// A login ended after the entry was changed or removed; its result was dropped.
    case lateResultDropped(token: String)
    /// The partner's `Date` contradicts what it says of its tokens; the local clock was used.
    case partnerClockIgnored(token: String)
    case rejectionReported(token: String, fingerprint: String, outcome: ReportOutcome)
    case tokenDropped(token: String)
    case reloaded(added: Int, changed: Int, removed: Int)
    /// A secret file of the entry holds something else now: it logs in anew.
    case secretChanged(token: String)
    case reloadRefused(faults: [String])
    /// Tokens are kept in memory alone until the store works again.
    case storeFailed(reason: String)
    case storeRecovered
}
