package import Logging
import Time
package import Tokens

/// Writes broker events to the log: a constant message for each kind of event, everything else as fields.
package struct EventLog: EventSink {
    private let logger: Logger

    package init(_ logger: Logger) {
        self.logger = logger
    }

    package func record(_ event: BrokerEvent) {
        switch event {
        case .loginBegan(let token, let trigger):
            logger.debug("login began", metadata: ["token": "\(token)", "trigger": "\(trigger.rawValue)"])
        case .tokenAdopted(let token, let fingerprint, let adoption, let lifetime, let next, let took):
            let fields: Logger.Metadata = [
                "token": "\(token)", "fingerprint": "\(fingerprint)", "life": "\(words(lifetime))", "next_refresh": "\(words(next))",
                "took": "\(milliseconds(took))",
            ]
            logger.log(level: adoption == .same ? .debug : .info, message(of: adoption), metadata: fields)
        case .tokenShared(let token, let fingerprint, let lifetime, let next):
            let fields: Logger.Metadata = [
                "token": "\(token)", "fingerprint": "\(fingerprint)", "life": "\(words(lifetime))", "next_refresh": "\(words(next))",
            ]
            logger.info("token shared by another host", metadata: fields)
        case .refreshFailed(let token, let failure):
            var fields: Logger.Metadata = ["token": "\(token)", "class": "\(failure.failureClass.rawValue)", "reason": "\(failure.reason)"]
            if let message = failure.partnerMessage { fields["partner_message"] = "\(message)" }
            logger.warning("refresh failed, logged in instead", metadata: fields)
        case .loginFailed(let token, let failure, let next, let isLatched, let took):
            logger.log(level: level(of: failure), isLatched ? "login latched" : "login failed", metadata: fields(token, failure, next, took))
        case .lateResultDropped(let token):
            logger.info("late login result dropped", metadata: ["token": "\(token)"])
        case .partnerClockIgnored(let token):
            logger.notice("partner clock ignored", metadata: ["token": "\(token)"])
        case .expirySourceIgnored(let token, let source):
            logger.notice("expiry source ignored", metadata: ["token": "\(token)", "source": "\(source)"])
        case .tokenNotYetValid(let token, let wait):
            logger.notice("token not valid yet", metadata: ["token": "\(token)", "wait": "\(words(wait))"])
        case .rejectionReported(let token, let fingerprint, let outcome):
            logger.notice("rejection reported", metadata: ["token": "\(token)", "fingerprint": "\(fingerprint)", "outcome": "\(outcome.rawValue)"])
        case .tokenDropped(let token):
            logger.info("idle token dropped", metadata: ["token": "\(token)"])
        case .held(let token, let hold):
            logger.notice(Logger.Message(stringLiteral: "token \(hold?.rawValue ?? "resumed")"), metadata: ["token": "\(token)"])
        case .logoutFailed(let token, let failure):
            var fields: Logger.Metadata = ["token": "\(token)", "class": "\(failure.failureClass.rawValue)", "reason": "\(failure.reason)"]
            if let message = failure.partnerMessage { fields["partner_message"] = "\(message)" }
            logger.warning("logout failed: the partner may keep the session", metadata: fields)
        case .reloaded(let added, let changed, let removed):
            logger.notice("configuration applied", metadata: ["added": "\(added)", "changed": "\(changed)", "removed": "\(removed)"])
        case .secretChanged(let token):
            logger.notice("secret changed", metadata: ["token": "\(token)"])
        case .secretUnreadable(let token, let problem):
            logger.error("secret cannot be read: the next login needs it", metadata: ["token": "\(token)", "problem": "\(problem)"])
        case .reloadRefused(let faults):
            for fault in faults { logger.error("configuration refused", metadata: ["fault": "\(fault)"]) }
        case .loginAlone, .fleetRecordUnread, .fleetClocksDiffer, .fleetLockBroken: recordFleet(event)
        case .storeFailed(let reason):
            logger.error("store failed, tokens are kept only in memory", metadata: ["reason": "\(reason)"])
        case .storeRecovered:
            logger.notice("store works again")
        case .refreshTokenUnsecured(let token, let reason):
            logger.error("refresh token is kept only in memory", metadata: ["token": "\(token)", "reason": "\(reason)"])
        case .sinkFailed(let token, let sink, let reason):
            logger.error("token did not reach its sink", metadata: ["token": "\(token)", "sink": "\(sink)", "reason": "\(reason)"])
        case .refreshTokenSecured(let token):
            logger.notice("refresh token is on disk", metadata: ["token": "\(token)"])
        }
    }

    private func recordFleet(_ event: BrokerEvent) {
        switch event {
        case .loginAlone(let token):
            logger.warning("login without the fleet's lock", metadata: ["token": "\(token)"])
        case .fleetRecordUnread(let key, let fault):
            let reason =
                fault == .sealed ? "it does not open with this store key: another key, or another fleet under the same prefix" : "it is too large"
            logger.error("record of the fleet passed over", metadata: ["key": "\(key)", "reason": "\(reason)"])
        case .fleetClocksDiffer(let spread):
            logger.warning(
                "clocks of etcd's members differ: ages of tokens may be counted too short", metadata: ["by": "\(DurationSyntax.words(spread))"])
        case .fleetLockBroken(let token, let holder):
            logger.error("lock of the fleet passed over: held longer than any login takes", metadata: ["token": "\(token)", "holder": "\(holder)"])
        default: break
        }
    }

    private func message(of adoption: Adoption) -> Logger.Message {
        switch adoption {
        case .new: "token adopted"
        case .renewed: "token renewed"
        case .same: "same token again"
        case .reissued: "same token reissued"
        }
    }

    private func level(of failure: LoginFailure) -> Logger.Level {
        switch failure.failureClass {
        case .rejected, .local: .error
        case .waiting: .info
        default: .warning
        }
    }

    private func fields(_ token: String, _ failure: LoginFailure, _ next: Duration?, _ took: Duration) -> Logger.Metadata {
        var fields: Logger.Metadata = [
            "token": "\(token)", "class": "\(failure.failureClass.rawValue)", "reason": "\(failure.reason)", "next_attempt": "\(words(next))",
            "took": "\(milliseconds(took))",
        ]
        if let message = failure.partnerMessage { fields["partner_message"] = "\(message)" }
        return fields
    }

    private func words(_ duration: Duration?) -> String { duration.map { DurationSyntax.words(max(.zero, $0)) } ?? "never" }

    private func milliseconds(_ duration: Duration) -> String { "\(duration.nanoseconds / 1_000_000) ms" }
}
