import TestSupport
import Testing

@testable import API

/// Names found by their bytes.
@Suite struct NameIndexTests {
    @Test(arguments: [0, 1, 7, 8, 9, 1000]) func `every name is found at its place, and no other is`(count: Int) {
        let names = (0..<count).map { Array("token-\($0)".utf8) }
        let index = NameIndex(names)
        for (place, name) in names.enumerated() {
            let bytes = Array("/".utf8) + name + Array("?x".utf8)
            #expect(index.find(1..<1 + name.count, of: bytes.span) == place)
        }
        for other in ["", "token-", "token-\(count)", "Token-0", "token-0 "] {
            let bytes = Array(other.utf8)
            #expect(index.find(0..<bytes.count, of: bytes.span) == nil)
        }
    }
}
