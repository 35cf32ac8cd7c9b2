import Configuration
import Dispatch
import Fleet
import OutboundHTTP
import Secrets
import Store
import TestSupport
import Time

/// Answers of etcd's gateway, to every question of the fleet's store.
enum EtcdTarget {
    private static let clocks = FakeClocks()
    private static let token = StoredToken(name: RecordName("a"), login: [1], record: Array("{}".utf8))

    static func run(_ bytes: [UInt8]) {
        let transport = FakeTransport { request, _ throws(TransportFault) in
            if let sink = request.sink {
                for piece in bytes.split(separator: 0, omittingEmptySubsequences: false) where !sink(Array(piece)) { break }
            }
            var reply = PartnerReply.make(bytes.first.map { $0 % 7 == 6 ? 503 : 200 } ?? 200, clocks: clocks)
            reply.body = bytes
            return reply
        }
        let store = EtcdFleetStore(
            EtcdConfiguration(endpoints: ["https://a.example"]), key: StoreKey(), host: "h", transport: transport, clocks: clocks,
            secrets: FakeSecrets(), events: RecordedEvents())
        wait {
            if let loaded = try? await store.load() { hold(loaded.records.isEmpty, "a record that this key never sealed") }
            let name = FleetName(token.name, login: token.login)
            if case .mine(let lock, let record)? = try? await store.lock(name, for: .seconds(5), over: nil) {
                hold(record == nil, "a record that this key never sealed")
                _ = try? await store.write(token, under: lock)
                try? await store.prolong(lock)
                try? await store.unlock(lock)
            }
            _ = try? await store.write(token, over: 1)
            try? await store.watch(from: FleetPosition(revision: 1)) { news in
                if case .record = news { hold(false, "a record that this key never sealed") }
            }
        }
    }

    /// Runs asynchronous work to its end on this thread.
    private static func wait(_ work: @escaping @concurrent @Sendable () async -> Void) {
        let done = DispatchSemaphore(value: 0)
        Task.detached {
            await work()
            done.signal()
        }
        done.wait()
    }
}
