import Glibc
import Store
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

/// Changes on their way to a store.
@Suite struct StoreWriterTests {
    private static func token(_ name: String, _ text: String, inputs: [String: String] = [:], login: [UInt8] = [1]) -> StoredToken {
        StoredToken(name: RecordName(name, inputs), login: login, record: Array(text.utf8))
    }

    @Test func `a store that fails is tried again with what came since, and said so once`() async throws {
        let (clocks, store, heard) = (FakeClocks(), FailingStore(), Heard())
        let writer = StoreWriter(store: store, clocks: clocks, events: heard)
        store.isFailing.withLock { $0 = true }
        writer.save(Self.token("a", "one"))
        await writer.flush()
        // Nobody waits for the pause.
        await writer.flush()
        writer.save(Self.token("a", "two"))
        writer.save(Self.token("b", "b"))
        writer.remove(RecordName("b"))
        for _ in 0..<3 {
            #expect(await eventually { clocks.nextWake != nil })
            clocks.advance(by: .seconds(60))
        }
        store.isFailing.withLock { $0 = false }
        #expect(
            await eventually {
                clocks.advance(by: .seconds(60))
                return heard.all.last == "recovered"
            })
        #expect(heard.all == ["failed: the disk is full", "recovered"])
        let written = store.written.withLock { $0 }
        #expect(written.map { $0.tokens.mapValues { String(decoding: $0.record, as: UTF8.self) } } == [[RecordName("a"): "two"]])
        #expect(written.first?.removed == [RecordName("b")])
    }

    @Test func `a refresh token that cannot be written is tried every second, and named`() async throws {
        let (clocks, store, heard) = (FakeClocks(), FailingStore(), Heard())
        let writer = StoreWriter(store: store, clocks: clocks, events: heard)
        store.isFailing.withLock { $0 = true }
        writer.save(Self.token("a", "one"))
        await writer.flush()
        for _ in 0..<5 {
            #expect(await eventually { clocks.nextWake != nil })
            clocks.advance(by: .seconds(60))
        }
        // It does not wait for the pause of a minute, nor for the store to work.
        await writer.secure(Self.token("b", "refreshed"))
        #expect(heard.all == ["failed: the disk is full", "unsecured: b"])
        for _ in 0..<5 {
            let now = clocks.boot
            #expect(await eventually { clocks.nextWake.map { $0 - now == .seconds(1) } ?? false })
            clocks.advance(by: .seconds(1))
        }
        store.isFailing.withLock { $0 = false }
        await writer.secure(Self.token("b", "again"))
        #expect(await eventually { heard.all.count == 4 })
        #expect(heard.all == ["failed: the disk is full", "unsecured: b", "secured: b", "recovered"])
        let written = store.written.withLock { $0 }.flatMap {
            $0.tokens.map { "\($0.key.token) \(String(decoding: $0.value.record, as: UTF8.self))" }
        }
        #expect(written.sorted() == ["a one", "b again"])
    }
}

private final class FailingStore: TokenStore {
    let isFailing = Mutex(false)
    let written = Mutex<[StoreChanges]>([])

    func load() async throws(StoreFault) -> [StoredToken] { [] }
    func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin] { [] }

    func write(_ changes: StoreChanges) async throws(StoreFault) {
        if isFailing.withLock({ $0 }) { throw StoreFault("the disk is full") }
        written.withLock { $0.append(changes) }
    }
}

private final class Heard: EventSink {
    private let events = Mutex<[String]>([])
    var all: [String] { events.withLock { $0 } }

    func record(_ event: BrokerEvent) {
        switch event {
        case .storeFailed(let reason): events.withLock { $0.append("failed: \(reason)") }
        case .storeRecovered: events.withLock { $0.append("recovered") }
        case .refreshTokenUnsecured(let token, _): events.withLock { $0.append("unsecured: \(token)") }
        case .refreshTokenSecured(let token): events.withLock { $0.append("secured: \(token)") }
        default: break
        }
    }
}
