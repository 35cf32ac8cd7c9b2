import Store
import TestSupport
import Testing
import Time
import Tokens

@testable import Fleet

/// A store that is lost and found.
@Suite struct FleetAvailabilityTests {
    @Test func `each change is one event, and a lost store rests for two seconds`() throws {
        let (clocks, events) = (FakeClocks(), RecordedEvents())
        let availability = FleetAvailability(clocks: clocks, events: events)
        try availability.check()
        #expect(!availability.found())
        availability.lost(StoreFault("down"))
        availability.lost(StoreFault("still down"))
        #expect(throws: StoreFault.self) { try availability.check() }
        clocks.advance(by: .seconds(2))
        try availability.check()
        #expect(availability.found() && !availability.found())
        let words = events.all.map { event in
            switch event {
            case .storeFailed(let reason): reason
            case .storeRecovered: "recovered"
            default: "\(event)"
            }
        }
        #expect(words == ["down", "recovered"])
    }
}
