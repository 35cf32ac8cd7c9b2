import Broker
import Contract
import LocalHTTP
import Observability
import Synchronization

/// The rendered answers of all tokens in hand, on one event loop: found by name, rendered when the cell changed, patched and sent.
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

    func take(_ cells: [TokenCell]) {
        self.cells = cells
        index = NameIndex(cells.map { Array($0.name.utf8) })
        answers = Array(repeating: nil, count: cells.count)
        served = cells.map { metrics.served($0.name) }
    }

    func begin(_ time: LoopTime) {
        self.time = time
        date.update(wallNanoseconds: time.wall)
    }

    /// The token a path names, where it is `/v1/tokens/NAME` as it stands.
    func place(_ path: Range<Int>, _ bytes: Span<UInt8>) -> Int? {
        paths.rest(of: path, bytes).flatMap { index.find($0, of: bytes) }
    }

    func name(of place: Int) -> String { cells[place].name }

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

    /// Sends a token's rendered answer, and counts it.
    func send(_ answer: RenderedAnswer, of place: Int, closes: Bool, into output: inout ResponseBuffer) {
        cells[place].lastAsked.store(time.boot / 1_000_000_000, ordering: .relaxed)
        answer.patch(time, date: date.bytes)
        answer.send(into: &output, closes: closes)
        served[place].add()
        answered.add()
    }
}
