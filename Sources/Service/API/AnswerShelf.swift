import Admission
import Broker
import Contract
import LocalHTTP
import Observability
import Synchronization

/// The rendered answers of all tokens in hand, on one event loop: found by name, patched, sent, counted.
final class AnswerShelf {
    private let ledger: RequestLedger
    private let requestIDs: RequestIDs
    private var cells: [TokenCell] = []
    private var index = NameIndex([])
    private var answers: [RenderedAnswer?] = []
    private var served: [Counter] = []
    private let answered: Counter
    private var isAudited = false
    private var time = LoopTime()
    private var date = HTTPDate()
    /// Audit lines of this batch.
    private var lines: [UInt8] = []
    private var lineCount = 0
    private var linePrefix: [UInt8] = []
    /// Refusals for too many requests since the last line that sums them up.
    private var throttled: [AuditedCaller: Int] = [:]
    private var summedUpAt: Int64 = 0

    init(_ ledger: RequestLedger, _ requestIDs: RequestIDs) {
        self.ledger = ledger
        self.requestIDs = requestIDs
        answered = ledger.metrics.counter(.token, status: 200)
    }

    func take(_ serving: Serving) {
        cells = serving.cells
        index = NameIndex(cells.map { Array($0.name.utf8) })
        answers = Array(repeating: nil, count: cells.count)
        served = cells.map { ledger.metrics.served($0.name) }
        isAudited = ledger.audit.isOn
    }

    func begin(_ time: LoopTime) {
        self.time = time
        date.update(wallNanoseconds: time.wall)
    }

    /// Counts a refusal for too many requests: one line a second and caller tells of all of them.
    func noteThrottled(_ caller: AuditedCaller) {
        throttled[caller, default: 0] += 1
    }

    /// Hands the batch's audit lines on.
    func end() {
        if !throttled.isEmpty, time.boot - summedUpAt >= 1_000_000_000 { sumUp() }
        guard lineCount > 0 else { return }
        ledger.audit.append(lines, count: lineCount)
        lines.removeAll(keepingCapacity: true)
        linePrefix = []
        lineCount = 0
    }

    private func sumUp() {
        summedUpAt = time.boot
        let counted = throttled
        throttled = [:]
        guard isAudited else { return }
        for (caller, count) in counted {
            ledger.audit.write(.warning, of: caller, " outcome=too-many-requests count=\(count)")
        }
    }

    /// The token a path names, where it is `/v1/tokens/NAME` as it stands.
    func place(_ path: Range<Int>, _ bytes: Span<UInt8>) -> Int? {
        bytes.behindTokens(path).flatMap { index.find($0, of: bytes) }
    }

    /// Sends a token's rendered answer.
    func send(
        _ answer: RenderedAnswer, of place: Int, to known: KnownCaller, closes: Bool, into output: inout ResponseBuffer
    ) {
        cells[place].lastAsked.store(time.boot / 1_000_000_000, ordering: .relaxed)
        answer.patch(time, date: date.bytes)
        answer.send(into: &output, closes: closes)
        served[place].add()
        answered.add()
        if isAudited { audit(answer, known) }
    }

    /// The rendered answer of what the cell last published; nil where that may not be served without asking the keeper.
    func answer(_ place: Int) -> RenderedAnswer? {
        let cell = cells[place]
        let version = cell.version.load(ordering: .acquiring)
        if let answer = answers[place], answer.version == version, answer.isServable(at: time) { return answer }
        guard let snapshot = cell.current else { return nil }
        let answer = RenderedAnswer(snapshot, name: cell.name, version: version, time: time)
        answers[place] = answer
        return answer.isServable(at: time) ? answer : nil
    }

    private func audit(_ answer: RenderedAnswer, _ known: KnownCaller) {
        if linePrefix.isEmpty { linePrefix = ledger.audit.prefix(.info) }
        lines += linePrefix
        lines += known.audited.text.utf8
        lines += answer.auditText
        if let left = answer.remaining(at: time) { lines += " expires_in=\(left)".utf8 }
        lines += " outcome=served request=\(requestIDs.next())\n".utf8
        lineCount += 1
    }
}
