import LocalHTTP
import Observability

/// The audit lines of one batch of requests, written together, and the refusals for too many requests, summarised once a second.
final class AuditBatch {
    private let audit: AuditLog
    private let requestIDs: RequestIDs
    private var time = LoopTime()
    private var lines: [UInt8] = []
    private var count = 0
    private var prefix: [UInt8] = []
    private var throttled: [AuditedCaller: Int] = [:]
    private var summarisedAt: Int64 = 0

    private static let second: Int64 = 1_000_000_000

    init(_ audit: AuditLog, _ requestIDs: RequestIDs) {
        self.audit = audit
        self.requestIDs = requestIDs
    }

    func begin(_ time: LoopTime) { self.time = time }

    /// Records that a token was served.
    func recordServed(_ answer: RenderedAnswer, to caller: AuditedCaller) {
        if prefix.isEmpty { prefix = audit.prefix(.info) }
        lines += prefix
        lines += caller.text.utf8
        lines += answer.auditText
        lines += AuditFields.outcome(AuditFields.served, expiresIn: answer.remaining(at: time), requestID: requestIDs.next()).utf8
        lines.append(0x0A)
        count += 1
    }

    /// Counts a refusal for too many requests; one line for each second and caller covers all such refusals.
    func recordThrottled(_ caller: AuditedCaller) { throttled[caller, default: 0] += 1 }

    /// Writes the batch to the audit log.
    func end() {
        if !throttled.isEmpty, time.boot - summarisedAt >= Self.second { summarise() }
        guard count > 0 else { return }
        audit.append(lines, count: count)
        lines.removeAll(keepingCapacity: true)
        prefix = []
        count = 0
    }

    private func summarise() {
        summarisedAt = time.boot
        defer { throttled = [:] }
        guard audit.isOn else { return }
        for (caller, count) in throttled { audit.write(.warning, of: caller, " outcome=too-many-requests count=\(count)") }
    }
}
