import TestSupport
import Testing
import Time

/// Things by the instant they are due.
@Suite struct InstantHeapTests {
    @Test(arguments: [0, 1, 2, 3, 100]) func `the next one is always first`(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        var heap = InstantHeap<Int>()
        let instants = (0..<count).map { _ in Int64.random(in: 0...50, using: &generator) }
        for (number, instant) in instants.enumerated() { heap.push(number, at: BootInstant(nanoseconds: instant)) }
        heap.keep { $0 % 3 != 1 }
        var seen: [Int64] = []
        while let first = heap.first {
            seen.append(first.instant.nanoseconds)
            heap.pop()
        }
        #expect(seen == instants.enumerated().filter { $0.offset % 3 != 1 }.map(\.element).sorted())
    }
}
