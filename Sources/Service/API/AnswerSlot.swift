import Broker
import LocalHTTP
import Observability
import Synchronization
import Tokens

/// The rendered answers of one token on one event loop: each rendered when it is first asked for, and again when the cell has changed.
final class AnswerSlot {
    let cell: TokenCell
    /// Times the token was served.
    let served: Counter
    /// By form.
    private var answers: [RenderedAnswer?] = Array(repeating: nil, count: RenderedAnswer.Form.allCases.count)

    init(_ cell: TokenCell, served: Counter) {
        self.cell = cell
        self.served = served
    }

    /// The rendered answer of the cell's last published token; nil where it may not be served without asking the keeper.
    func answer(as form: RenderedAnswer.Form, at time: LoopTime) -> RenderedAnswer? {
        let version = cell.version.load(ordering: .acquiring)
        if let answer = answers[form.rawValue], answer.version == version, answer.isServable(at: time) { return answer }
        guard let snapshot = cell.current else { return forget() }
        // A partner's own Date would take the place of the answer's.
        if form == .headers, snapshot.token.headers.contains(where: { $0.name.lowercased() == "date" }) { return nil }
        let answer = RenderedAnswer(snapshot, as: form, name: cell.name, version: version, time: time)
        answers[form.rawValue] = answer
        return answer.isServable(at: time) ? answer : nil
    }

    private func forget() -> RenderedAnswer? {
        for form in answers.indices { answers[form] = nil }
        return nil
    }
}
