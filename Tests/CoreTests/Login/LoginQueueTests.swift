import Testing
import Time

@testable import Login

/// Turns of logins where the partner limits them.
@Suite struct LoginQueueTests {
    private static let limit = Rate(count: 120, period: .seconds(60))

    @Test func `five hundred at once have their turns as soon as the limit allows, and never more than it`() {
        var queue = LoginQueue()
        let start = BootInstant(nanoseconds: 0)
        var waiting = (0..<500).map { (entry: Array("tenant-\($0)".utf8), at: start) }
        var begun: [BootInstant] = []
        while !waiting.isEmpty {
            waiting.sort { $0.at < $1.at }
            let next = waiting.removeFirst()
            if let turn = queue.turn(of: next.entry, Self.limit, at: next.at) {
                #expect(turn > next.at)
                waiting.append((next.entry, turn))
            } else {
                begun.append(next.at)
            }
        }
        #expect(begun.count == 500)
        // Four periods and no more: the least that 120 in 60 s allow.
        #expect(begun.last.map { $0 - start <= .seconds(4) * 60.25 + .milliseconds(1) } ?? false)
        for place in begun.indices.dropFirst(120) { #expect(begun[place] - begun[place - 120] > .seconds(60)) }
    }

    @Test func `a turn that nobody takes is given up`() {
        var queue = LoginQueue()
        let (limit, start) = (Rate(count: 1, period: .seconds(10)), BootInstant(nanoseconds: 0))
        #expect(queue.turn(of: [1], limit, at: start) == nil)
        let turn = queue.turn(of: [2], limit, at: start)
        #expect(turn == start + .milliseconds(10_250))
        #expect(queue.turn(of: [3], limit, at: start) == start + .milliseconds(20_500))
        // Neither came; a minute after their turns there is nobody in line.
        #expect(queue.turn(of: [4], limit, at: start + .seconds(90)) == nil)
    }
}
