import JSON
import Synchronization
import Testing

@testable import Fleet

/// A stream of JSON lines, in whatever pieces it comes.
@Suite struct JSONLinesTests {
    private func received(_ pieces: [[UInt8]], until stop: JSONValue? = nil) -> (values: [JSONValue], goesOn: Bool) {
        let values = Mutex<[JSONValue]>([])
        let lines = JSONLines { value in
            values.withLock { $0.append(value) }
            return value != stop
        }
        var goesOn = true
        for piece in pieces { goesOn = lines.take(piece) }
        return (values.withLock { $0 }, goesOn)
    }

    @Test(arguments: [1, 2, 3, 7, 100]) func `lines are read in any pieces`(size: Int) {
        let bytes = Array("{\"a\":1}\n2\n\nno json\n[3]\n4".utf8)
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        let (values, goesOn) = received(pieces)
        #expect(values == [.object(["a": 1]), 2, .array([3])] && goesOn)
    }

    @Test func `a receiver ends the stream`() {
        #expect(!received([Array("1\n".utf8)], until: 1).goesOn)
    }

    @Test func `a line without end is dropped at eight mebibytes`() {
        let piece = [UInt8](repeating: UInt8(ascii: "7"), count: 1024 * 1024)
        let pieces = Array(repeating: piece, count: 9) + [Array("5\n".utf8), Array("6\n".utf8)]
        #expect(received(pieces).values == [5, 6])
    }
}
