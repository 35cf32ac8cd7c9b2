import Store
import TestSupport
import Testing

@testable import Fleet

/// What a host could not write, and over what.
@Suite struct UnwrittenRecordsTests {
    private static let token = StoredToken(name: RecordName("a"), login: [1], record: [2])
    private static let name = FleetName(RecordName("a"), login: [1])

    @Test func `a record is written over the revision seen when it was made`() {
        var records = UnwrittenRecords()
        #expect(records.revision(under: Self.name) == 0 && !records.holds(Self.name))
        records.saw(Self.name, 7)
        records.saw(Self.name, 5)
        #expect(records.revision(under: Self.name) == 7)
        records.keep(Self.token, over: 7)
        #expect(records.holds(Self.name) && records.all.map(\.name) == [RecordName("a")])
        records.saw(Self.name, 9)
        #expect(records.revision(under: Self.name) == 7)
        records.settle(Self.name, 10)
        #expect(!records.holds(Self.name) && records.revision(under: Self.name) == 10)
    }

    @Test(arguments: [(7, true), (8, false)] as [(Int64, Bool)]) func `another host's newer record takes its place`(revision: Int64, isKept: Bool) {
        var records = UnwrittenRecords()
        records.keep(Self.token, over: 7)
        records.received(Self.name, revision)
        #expect(records.holds(Self.name) == isKept)
    }
}
