import TestSupport
import Time

/// Draws of one purpose, from one seed.
struct SeededDraw: Sendable {
    var generator: SeededGenerator

    /// - Parameter purpose: draws of one purpose do not change those of another.
    init(_ seed: UInt64, _ purpose: UInt64) {
        generator = SeededGenerator(seed: seed &* 0x9E37_79B9 &+ purpose &* 0x85EB_CA6B_27D4_EB2F)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &generator) }
    mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }
    mutating func isTrue(_ chance: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < chance }
    mutating func seconds(_ range: ClosedRange<Int64>) -> Duration { .seconds(Int64.random(in: range, using: &generator)) }
    mutating func milliseconds(_ range: ClosedRange<Int64>) -> Duration { .milliseconds(Int64.random(in: range, using: &generator)) }
}
