import Contract
import LocalHTTP
import Observability
import Synchronization
import TestSupport
import Testing

@testable import API

/// Refusals in the audit beyond a caller's rate of lines: one line a second, caller and problem, with their exact number.
@Suite struct AuditBatchTests {
    @Test func `refusals are summarised once a second, with their number`() async {
        let seen = Mutex<[UInt8]>([])
        let output = StandardError { bytes in seen.withLock { $0 += bytes } }
        let batch = AuditBatch(AuditLog(LogSwitch(isJournal: true, clocks: FakeClocks()), output: output), RequestIDs())
        let (one, two) = (AuditedCaller(name: "one", identity: nil), AuditedCaller(name: "two", identity: nil))
        func turn(at seconds: Int64, _ refusals: [AuditedCaller]) {
            var time = LoopTime()
            time.boot = seconds * 1_000_000_000
            batch.begin(time)
            for caller in refusals { #expect(!batch.recordRefusal(.tooManyRequests, of: caller)) }
            batch.end()
        }
        turn(at: 100, [one, one, one])
        turn(at: 100, [one, two])
        turn(at: 101, [one])
        turn(at: 103, [])
        let expected = [
            "<4>msg=audit client=one outcome=too-many-requests count=1", "<4>msg=audit client=one outcome=too-many-requests count=4",
            "<4>msg=audit client=two outcome=too-many-requests count=1",
        ]
        #expect(
            await eventually {
                seen.withLock { String(decoding: $0, as: UTF8.self) }.split(separator: "\n").map(String.init).sorted() == expected
            })
    }

    @Test func `the first twenty refusals of a second have lines of their own`() async {
        let seen = Mutex<[UInt8]>([])
        let output = StandardError { bytes in seen.withLock { $0 += bytes } }
        let batch = AuditBatch(AuditLog(LogSwitch(isJournal: true, clocks: FakeClocks()), output: output), RequestIDs())
        let (one, two) = (AuditedCaller(name: "one", identity: nil), AuditedCaller(name: "two", identity: nil))
        var time = LoopTime()
        time.boot = 100_000_000_000
        batch.begin(time)
        let own = (0..<50).count { _ in batch.recordRefusal(.forbidden, of: one) }
        #expect(own == 20)
        #expect(batch.recordRefusal(.forbidden, of: two))
        time.boot += 1_000_000_000
        batch.begin(time)
        #expect(batch.recordRefusal(.forbidden, of: one))
        #expect(await eventually { seen.withLock { String(decoding: $0, as: UTF8.self) } == "<4>msg=audit client=one outcome=forbidden count=30\n" })
    }
}
