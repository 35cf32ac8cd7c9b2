/// A queue whose lanes take turns, so that a long lane delays no other; within a lane, the urgent come first, then the others by arrival.
///
/// Lanes are the partners' hosts: eight hosts that never answer, with a thousand logins each, delay no ninth.
package struct TurnQueue<Element: Sendable>: Sendable {
    private struct Lane {
        var urgent: [Element] = []
        var others: [Element] = []
        var count: Int { urgent.count + others.count }

        mutating func next() -> Element? {
            if !urgent.isEmpty { return urgent.removeFirst() }
            return others.isEmpty ? nil : others.removeFirst()
        }
    }

    private var lanes: [String: Lane] = [:]
    /// The lanes that are not empty; the next one to have its turn comes first.
    private var order: [String] = []

    package private(set) var count = 0
    package var isEmpty: Bool { count == 0 }

    package init() {}

    package mutating func add(_ element: Element, lane name: String, isUrgent: Bool) {
        if lanes[name] == nil { order.append(name) }
        if isUrgent { lanes[name, default: Lane()].urgent.append(element) } else { lanes[name, default: Lane()].others.append(element) }
        count += 1
    }

    /// Takes the next element, of the first lane in turn that has room.
    package mutating func next(where hasRoom: (_ lane: String) -> Bool = { _ in true }) -> (lane: String, element: Element)? {
        guard let place = order.firstIndex(where: hasRoom) else { return nil }
        let name = order.remove(at: place)
        guard let element = lanes[name]?.next() else { return nil }
        if lanes[name]?.count == 0 { lanes[name] = nil } else { order.append(name) }
        count -= 1
        return (name, element)
    }

    package mutating func removeAll() {
        self = TurnQueue()
    }
}
