import FuzzTargets
import TestSupport
import Testing

/// Inputs that broke a fuzzed part once, and a few of each kind that never did.
@Suite struct FuzzTargetTests {
    private static let folder = "Tests/Fixtures/fuzz"

    @Test(arguments: FuzzTarget.allCases) func `inputs that were found by fuzzing break nothing`(target: FuzzTarget) throws {
        let kept = (try? TestFiles.names("\(Self.folder)/\(target.rawValue)")) ?? []
        for name in kept { target.run(try TestFiles.bytes("\(Self.folder)/\(target.rawValue)/\(name)")) }
        for bytes: [UInt8] in [[], [0], Array(repeating: 0xFF, count: 64), Array("{}".utf8), Array("a: b\nc: [1, 2".utf8)] { target.run(bytes) }
    }

    @Test func `every kept input belongs to a target`() throws {
        let targets = Set(FuzzTarget.allCases.map(\.rawValue))
        #expect(Set((try? TestFiles.names(Self.folder)) ?? []).subtracting(targets).isEmpty)
    }
}
