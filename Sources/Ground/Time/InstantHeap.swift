/// A binary heap of elements by due instant, earliest first.
package struct InstantHeap<Element> {
    package private(set) var entries: [(instant: BootInstant, element: Element)] = []

    package init() {}

    package var first: (instant: BootInstant, element: Element)? { entries.first }
    package var count: Int { entries.count }

    package mutating func push(_ element: Element, at instant: BootInstant) {
        entries.append((instant, element))
        var place = entries.count - 1
        while place > 0, entries[place].instant < entries[(place - 1) / 2].instant {
            entries.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    package mutating func pop() {
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < entries.count && entries[child].instant < entries[least].instant {
                least = child
            }
            guard least != place else { return }
            entries.swapAt(place, least)
            place = least
        }
    }

    package mutating func keep(where isKept: (Element) -> Bool) {
        // A sorted array is a heap.
        entries = entries.filter { isKept($0.element) }.sorted { $0.instant < $1.instant }
    }
}
