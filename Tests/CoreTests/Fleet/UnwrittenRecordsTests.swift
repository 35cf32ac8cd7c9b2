import Store
import TestSupport
import Testing

@testable import Fleet

/// What a host could not write, and over what.
@Suite struct UnwrittenRecordsTests {
    private static let token = StoredToken(name: RecordName("a"), login: [1], record: [2])
    private static let name = FleetName(RecordName("a"), login: [1])

    @Test func `a record is written over the revision seen last`() {
        var records = UnwrittenRecords()
        #expect(records.revision(under: Self.name) == 0 && !records.holds(Self.name))
        records.saw(Self.name, 7)
        records.saw(Self.name, 5)
        #expect(records.revision(under: Self.name) == 7)
        records.keep(Self.token)
        #expect(records.holds(Self.name) && records.all.map(\.name) == [RecordName("a")])
        records.settle(Self.name, 10)
        #expect(!records.holds(Self.name) && records.revision(under: Self.name) == 10)
        records.keep(Self.token)
        records.drop(Self.name)
        #expect(!records.holds(Self.name))
    }

    @Test func `a load takes the place of every revision, as of a store that was restored`() {
        var records = UnwrittenRecords()
        let (other, gone) = (StoredToken(name: RecordName("b"), login: [1], record: [2]), FleetName(RecordName("c"), login: [1]))
        records.saw(Self.name, 900)
        records.saw(gone, 900)
        records.loaded([
            FleetRecord(token: Self.token, revision: 3, made: FakeClocks().boot), FleetRecord(token: other, revision: 4, made: FakeClocks().boot),
        ])
        #expect(records.revision(under: Self.name) == 3 && records.revision(under: gone) == 0)
    }
}
