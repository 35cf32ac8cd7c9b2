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
    /// By form and place; filled as they are asked for.
    private var answers: [[RenderedAnswer?]] = []
    private var served: [Counter] = []
    private var time = LoopTime()
    private var date = HTTPDate()

    init(_ metrics: RequestMetrics) {
        self.metrics = metrics
    }

    func update(_ cells: [TokenCell]) {
        self.cells = cells
        index = NameIndex(cells.map { Array($0.name.utf8) })
        answers = Array(repeating: Array(repeating: nil, count: cells.count), count: RenderedAnswer.Form.allCases.count)
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

    /// The index of the token whose headers a path names; nil unless the path is literally `/v1/tokens/NAME/headers`.
    func placeOfHeaders(_ path: Range<Int>, _ bytes: Span<UInt8>) -> Int? {
        paths.nameOfHeaders(path, bytes).flatMap { index.find($0, of: bytes) }
    }

    /// The rendered answer of the cell's last published token; nil where it may not be served without asking the keeper.
    func answer(_ place: Int, as form: RenderedAnswer.Form = .json) -> RenderedAnswer? {
        let cell = cells[place]
        let version = cell.version.load(ordering: .acquiring)
        if let answer = answers[form.rawValue][place], answer.version == version, answer.isServable(at: time) { return answer }
        guard let snapshot = cell.current else { return nil }
        // A partner's own Date would take the place of the answer's.
        if form == .headers, snapshot.token.headers.contains(where: { $0.name.lowercased() == "date" }) { return nil }
        let answer = RenderedAnswer(snapshot, as: form, name: cell.name, version: version, time: time)
        answers[form.rawValue][place] = answer
        return answer.isServable(at: time) ? answer : nil
    }

    func hasMore(_ answer: RenderedAnswer, than seconds: Int64) -> Bool { answer.hasMore(than: seconds, at: time) }

    /// Sends the rendered answer of a token and counts it.
    func send(
        _ answer: RenderedAnswer, of place: Int, as form: RenderedAnswer.Form = .json, _ endpoint: Endpoint = .token, closes: Bool,
        omitsBody: Bool = false, into output: inout ResponseBuffer
    ) {
        cells[place].lastAsked.store(time.boot / 1_000_000_000, ordering: .relaxed)
        answer.patch(time, date: date.bytes)
        answer.send(into: &output, closes: closes, omitsBody: omitsBody)
        if form != .notModified { served[place].add() }
        metrics.counter(endpoint, status: form == .notModified ? 304 : 200).add()
    }
}
