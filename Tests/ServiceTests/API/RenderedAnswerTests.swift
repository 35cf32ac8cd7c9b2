import LocalHTTP
import Secrets
import Testing
import Time
import Tokens

@testable import API
@testable import Broker

/// The answer that an event loop sends without rendering it again.
@Suite struct RenderedAnswerTests {
    private static let boot: Int64 = 1_000_000_000_000
    private static let wall: Int64 = 1_800_000_000_000_000_000

    private static func time(after seconds: Double, wallStep: Double = 0) -> LoopTime {
        var time = LoopTime()
        time.boot = boot + Int64(seconds * 1e9)
        time.wall = wall + Int64((seconds + wallStep) * 1e9)
        return time
    }

    private static func answer(lifetime: Double?, servedFor: Double? = nil, staleAfter: Double = 1000) -> RenderedAnswer {
        let start = BootInstant(nanoseconds: boot)
        let draft = TokenDraft(
            value: Secret("the-token"), expiry: Expiry(origin: .field, lifetime: lifetime.map { .seconds($0) }), sentAt: start,
            sentAtWall: WallTime(nanoseconds: wall))
        let snapshot = TokenSnapshot(
            token: Token(draft, fingerprint: "0123456789ab"), staleAt: start + .seconds(staleAfter),
            servedUntil: servedFor.map { start + .seconds($0) })
        return RenderedAnswer(snapshot, name: "a", version: 1, time: time(after: 0))
    }

    private static func text(_ answer: RenderedAnswer, at time: LoopTime, closes: Bool = false) -> String {
        var (output, stamp) = (ResponseBuffer(), HTTPDate())
        stamp.update(wallNanoseconds: time.wall)
        answer.patch(time, date: stamp.bytes)
        answer.send(into: &output, closes: closes)
        return String(decoding: output.bytes, as: UTF8.self)
    }

    @Test func `it is served to its end, and not after the wall clock was changed`() {
        let answer = Self.answer(lifetime: 900, servedFor: 890)
        #expect(answer.isServable(at: Self.time(after: 889.9)) && !answer.isServable(at: Self.time(after: 890)))
        #expect(answer.isServable(at: Self.time(after: 10, wallStep: 0.9)))
        #expect(!answer.isServable(at: Self.time(after: 10, wallStep: 1.1)) && !answer.isServable(at: Self.time(after: 10, wallStep: -3600)))
        #expect(Self.answer(lifetime: nil).isServable(at: Self.time(after: 1e8)))
    }

    @Test func `remaining life, date and state follow the time, and the length stays`() {
        let answer = Self.answer(lifetime: 900, servedFor: 890, staleAfter: 600)
        let first = Self.text(answer, at: Self.time(after: 0))
        #expect(first.contains(#""expires_in":900"#) && first.contains(#""state":"fresh""#) && first.contains("Date: Fri, 15 Jan 2027 08:00:00 GMT"))
        let later = Self.text(answer, at: Self.time(after: 850.5))
        #expect(later.contains(#""state":"stale""#) && later.contains("Date: Fri, 15 Jan 2027 08:14:10 GMT"))
        #expect(later.contains("49") && !later.contains(#""expires_in":900"#) && later.utf8.count == first.utf8.count)
        #expect(answer.remaining(at: Self.time(after: 850.5)) == 49 && Self.answer(lifetime: nil).remaining(at: Self.time(after: 1)) == nil)
    }

    @Test func `the last answer of a connection says so in its header`() {
        let text = Self.text(Self.answer(lifetime: 900), at: Self.time(after: 0), closes: true)
        #expect(text.contains("GMT\r\nConnection: close\r\n") && text.hasSuffix("}"))
    }
}
