import Broker
import Contract
import LocalHTTP
import Observability
import Synchronization

/// The rendered answers of all current tokens on one event loop: found by name, rendered when the cell has changed, patched
/// and sent.
final class AnswerCache {
    private let metrics: RequestMetrics
    private let paths = TokenPath()
    private var cells: [TokenCell] = []
    private var index = NameIndex([])
    private var answers: [RenderedAnswer?] = []
    private var served: [Counter] = []
    private let answered: Counter
    private var time = LoopTime()
    private var date = HTTPDate()

    init(_ metrics: RequestMetrics) {
        self.metrics = metrics
        answered = metrics.counter(.token, status: 200)
    }

    func update(_ cells: [TokenCell]) {
        self.cells = cells
        index = NameIndex(cells.map { Array($0.name.utf8) })
        answers = Array(repeating: nil, count: cells.count)
        served = cells.map { metrics.served($0.name) }
    }

    func begin(_ time: LoopTime) {
        self.time = time
        date.update(wallNanoseconds: time.wall)
    }

    /// The index of the token that a path names; nil unless the path is literally `/v1/tokens/NAME`.
    func place(_ path: Range<Int>, _ bytes: Span<UInt8>) -> Int? {
        paths.rest(of: path, bytes).flatMap { index.find($0, of: bytes) }
    }

    func name(of place: Int) -> String { cells[place].name }

    /// The rendered answer of the cell's last published token; nil where it may not be served without asking the keeper.
    func answer(_ place: Int) -> RenderedAnswer? {
        let cell = cells[place]
        let version = cell.version.load(ordering: .acquiring)
        if let answer = answers[place], answer.version == version, answer.isServable(at: time) { return answer }
        guard let snapshot = cell.current else { return nil }
        let answer = RenderedAnswer(snapshot, name: cell.name, version: version, time: time)
        answers[place] = answer
        return answer.isServable(at: time) ? answer : nil
    }

    /// Sends the rendered answer of a token and counts it.
    func send(_ answer: RenderedAnswer, of place: Int, closes: Bool, into output: inout ResponseBuffer) {
        cells[place].lastAsked.store(time.boot / 1_000_000_000, ordering: .relaxed)
        answer.patch(time, date: date.bytes)
        answer.send(into: &output, closes: closes)
        served[place].add()
        answered.add()
    }
}
