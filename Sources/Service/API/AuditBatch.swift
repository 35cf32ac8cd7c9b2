import Contract
import LocalHTTP
import Observability

/// The audit lines of one batch of requests, written together, and the refusals beyond a caller's rate of lines, summarised once a second.
final class AuditBatch {
    private let audit: AuditLog
    private let requestIDs: RequestIDs
    private var time = LoopTime()
    private var lines: [UInt8] = []
    private var count = 0
    private var prefix: [UInt8] = []
    /// The second that the prefix names.
    private var prefixTime: Int64 = .min
    /// Lines of refusals in this second, by caller.
    private var ownLines: [AuditedCaller: Int] = [:]
    private var summarised: [Refusal: Int] = [:]
    private var secondBegan: Int64 = 0

    private struct Refusal: Hashable {
        let caller: AuditedCaller
        let problem: ProblemKind
    }

    private static let second: Int64 = 1_000_000_000
    /// Lines a second that a caller has for single refusals.
    static let linesPerSecond = 20

    init(_ audit: AuditLog, _ requestIDs: RequestIDs) {
        self.audit = audit
        self.requestIDs = requestIDs
    }

    func begin(_ time: LoopTime) {
        self.time = time
        if time.boot - secondBegan >= Self.second { summarise() }
    }

    /// Records that a token was served.
    func recordServed(_ answer: RenderedAnswer, to caller: AuditedCaller) {
        let now = time.wall / Self.second
        if prefixTime != now { (prefix, prefixTime) = (audit.prefix(.info), now) }
        lines += prefix
        lines += caller.bytes
        lines += answer.auditText
        AuditFields.append(AuditFields.served, expiresIn: answer.remaining(at: time), to: &lines)
        requestIDs.appendNext(to: &lines)
        lines.append(0x0A)
        count += 1
    }

    /// Counts a refusal. Returns whether it has a line of its own: those for too many requests never do, the others up to
    /// `linesPerSecond`. One line for each second, caller and problem covers the rest.
    func recordRefusal(_ problem: ProblemKind, of caller: AuditedCaller) -> Bool {
        if problem != .tooManyRequests, ownLines[caller, default: 0] < Self.linesPerSecond {
            ownLines[caller, default: 0] += 1
            return true
        }
        summarised[Refusal(caller: caller, problem: problem), default: 0] += 1
        return false
    }

    /// Writes the batch to the audit log.
    func end() {
        guard count > 0 else { return }
        audit.append(lines, count: count)
        lines.removeAll(keepingCapacity: true)
        count = 0
    }

    private func summarise() {
        secondBegan = time.boot
        guard !ownLines.isEmpty || !summarised.isEmpty else { return }
        defer { (ownLines, summarised) = ([:], [:]) }
        guard audit.isOn else { return }
        for (refusal, count) in summarised { audit.write(.warning, of: refusal.caller, " outcome=\(refusal.problem.rawValue) count=\(count)") }
    }
}
