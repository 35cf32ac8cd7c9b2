import Broker
import Contract
import LocalHTTP
import Observability
import Synchronization
import Tokens

/// The rendered answers of all current tokens on one event loop: found by name, rendered when the cell has changed, patched
/// and sent.
final class AnswerCache {
    private let metrics: RequestMetrics
    private let paths = TokenPath()
    private var cells: [TokenCell] = []
    private var index = NameIndex([])
    /// By place; filled as they are asked for.
    private var slots: [AnswerSlot?] = []
    private var time = LoopTime()
    private var date = HTTPDate()

    init(_ metrics: RequestMetrics) {
        self.metrics = metrics
    }

    func update(_ cells: [TokenCell]) {
        // What is rendered of a cell stays.
        let before = Dictionary(slots.compactMap { $0 }.map { (ObjectIdentifier($0.cell), $0) }) { $1 }
        self.cells = cells
        index = NameIndex(cells.map { Array($0.name.utf8) })
        slots = cells.map { before[ObjectIdentifier($0)] }
    }

    func begin(_ time: LoopTime) {
        self.time = time
        date.update(wallNanoseconds: time.wall)
    }

    /// The index of the token that a path names; nil unless the path is literally `/v1/tokens/NAME`.
    func place(_ path: Range<Int>, _ bytes: Span<UInt8>) -> Int? {
        paths.rest(of: path, bytes).flatMap { index.find($0, of: bytes) }
    }

    /// The index of the token whose headers a path names; nil unless the path is literally `/v1/tokens/NAME/headers`.
    func placeOfHeaders(_ path: Range<Int>, _ bytes: Span<UInt8>) -> Int? {
        paths.nameOfHeaders(path, bytes).flatMap { index.find($0, of: bytes) }
    }

    func slot(_ place: Int) -> AnswerSlot {
        if let slot = slots[place] { return slot }
        let slot = AnswerSlot(cells[place], served: metrics.served(cells[place].name))
        slots[place] = slot
        return slot
    }

    /// A slot for a cell that has no place of its own.
    func slot(of cell: TokenCell) -> AnswerSlot { AnswerSlot(cell, served: metrics.served(cell.name)) }

    func answer(_ slot: AnswerSlot, as form: RenderedAnswer.Form) -> RenderedAnswer? { slot.answer(as: form, at: time) }

    func hasMore(_ answer: RenderedAnswer, than seconds: Int64) -> Bool { answer.hasMore(than: seconds, at: time) }

    /// Sends the rendered answer of a token and counts it.
    func send(_ answer: RenderedAnswer, of slot: AnswerSlot, _ reply: RenderedReply, into output: inout ResponseBuffer) {
        slot.cell.lastAsked.store(time.boot / 1_000_000_000, ordering: .relaxed)
        answer.patch(time, date: date.bytes)
        answer.send(into: &output, closes: reply.closes, omitsBody: reply.omitsBody)
        if reply.form != .notModified { slot.served.add() }
        reply.counter.add()
    }

    /// The counter of an endpoint's responses in this form.
    func counter(_ endpoint: Endpoint, _ form: RenderedAnswer.Form) -> Counter { metrics.counter(endpoint, status: form == .notModified ? 304 : 200) }
}
