import Login
import Testing

/// Turns of lanes.
@Suite struct TurnQueueTests {
    private func taken(from queue: TurnQueue<String>, where hasRoom: (String) -> Bool = { _ in true }) -> [String] {
        var queue = queue
        var taken: [String] = []
        while let next = queue.next(where: hasRoom) { taken.append(next.element) }
        return taken
    }

    @Test func `a long lane delays no other`() {
        var queue = TurnQueue<String>()
        for number in 1...3 { queue.add("dead-\(number)", lane: "dead", isUrgent: true) }
        queue.add("late", lane: "good", isUrgent: false)
        #expect(queue.count == 4)
        #expect(taken(from: queue) == ["dead-1", "late", "dead-2", "dead-3"])
    }

    @Test func `within a lane the urgent come first`() {
        var queue = TurnQueue<String>()
        for (name, isUrgent) in [("a", false), ("b", true), ("c", false), ("d", true)] { queue.add(name, lane: "one", isUrgent: isUrgent) }
        #expect(taken(from: queue) == ["b", "d", "a", "c"])
    }

    @Test func `a lane without room is passed over and keeps its place`() {
        var queue = TurnQueue<String>()
        for name in ["a", "b"] { queue.add(name, lane: "full", isUrgent: true) }
        queue.add("c", lane: "free", isUrgent: false)
        #expect(taken(from: queue, where: { $0 != "full" }) == ["c"])
        #expect(queue.next()?.element == "a")
        queue.removeAll()
        #expect(queue.isEmpty && queue.next() == nil)
    }
}
