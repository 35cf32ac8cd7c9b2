import Configuration
import HTTPTypes
import JSON
import OutboundHTTP
import Secrets
import Store
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

@testable import Fleet

/// What is asked of etcd, and how its answers are read, without one.
@Suite struct EtcdFleetStoreTests {
    private static let key = StoreKey()
    private static let token = StoredToken(name: RecordName("a", ["t": "x"]), login: [1, 2], record: Array("the-token".utf8))
    private static let name = FleetName(token.name, login: token.login)

    func store(
        _ clocks: FakeClocks, endpoints: [String] = ["https://one.example"], user: String? = nil, events: RecordedEvents = RecordedEvents(),
        _ answer: @escaping @Sendable (_ path: String, _ body: JSONValue) -> (Int, JSONValue)
    ) -> (EtcdFleetStore, FakeTransport) {
        let transport = FakeTransport { request, _ throws(TransportFault) in
            if request.url.hasPrefix("https://down.example") { throw TransportFault(.unreachable, "connection refused") }
            let path = String(request.url.drop { $0 != "/" }.dropFirst(2).drop { $0 != "/" })
            let (status, json) = answer(path, JSONValue(parsing: request.body ?? []) ?? .null)
            return .make(status, json.jsonText, clocks: clocks)
        }
        var configuration = EtcdConfiguration(endpoints: endpoints)
        configuration.user = user
        configuration.password = user.map { .value(Secret("password of \($0)")) }
        return (
            EtcdFleetStore(configuration, key: Self.key, host: "h1", transport: transport, clocks: clocks, secrets: FakeSecrets(), events: events),
            transport
        )
    }

    /// An etcd that keeps the last record written to it.
    private func keepingStore(_ clocks: FakeClocks) -> (EtcdFleetStore, FakeTransport) {
        let kept = Mutex<JSONValue?>(nil)
        return store(clocks) { path, body in
            if path == "/v3/kv/txn" {
                kept.withLock { $0 = body["success"]?.elements.first?["request_put"] }
                return (200, .object(["succeeded": true, "header": .object(["revision": "7"])]))
            }
            guard case .object(var entry)? = kept.withLock({ $0 }) else { return (200, .object([:])) }
            entry["mod_revision"] = "7"
            return (200, .object(["header": .object(["revision": "9"]), "kvs": .array([.object(entry)])]))
        }
    }

    private static func base64(_ text: String) -> JSONValue { .string(Base64.encode(Array(text.utf8), .standard)) }

    @Test func `what is written is sealed, and comes back with its age by etcd's clock`() async throws {
        let clocks = FakeClocks()
        let (store, transport) = keepingStore(clocks)
        guard case .written(let revision) = try await store.write(Self.token, over: 3) else {
            Issue.record("refused")
            return
        }
        #expect(revision == 7)
        let sent = String(decoding: transport.requests[0].body ?? [], as: UTF8.self)
        #expect(sent.contains(#""mod_revision":"3""#) && sent.contains(#""target":"MOD""#))
        #expect(!sent.contains("the-token") && !sent.contains(Base64.encode(Array("the-token".utf8), .standard).prefix(8)))
        clocks.advance(by: .seconds(30))
        let (records, asOf) = try await store.load()
        #expect(asOf.revision == 9 && records.count == 1)
        #expect(
            records[0].token.name == Self.token.name && records[0].token.record == Self.token.record && clocks.boot - records[0].made == .seconds(30))
    }

    @Test func `a lock that is held is taken, one that is free is leased`() async throws {
        let isHeld = Mutex(true)
        let (store, transport) = store(FakeClocks()) { path, body in
            switch path {
            case "/v3/kv/range":
                let isLock = body["key"]?.text.flatMap(EtcdBytes.decode).map { String(decoding: $0, as: UTF8.self).contains("/locks/") } ?? false
                return (
                    200,
                    .object(
                        isLock && isHeld.withLock { $0 }
                            ? ["kvs": .array([.object(["key": Self.base64("k"), "create_revision": "4", "lease": "9"])])] : [:])
                )
            case "/v3/lease/grant": return (200, .object(["ID": "77"]))
            default: return (200, .object(["succeeded": true, "header": .object(["revision": "12"])]))
            }
        }
        guard case .taken(nil, _) = try await store.lock(Self.name, for: .seconds(5), over: nil) else {
            Issue.record("not taken")
            return
        }
        isHeld.withLock { $0 = false }
        guard case .mine(let lock, nil) = try await store.lock(Self.name, for: .milliseconds(4500), over: nil) else {
            Issue.record("not mine")
            return
        }
        #expect(lock == FleetLock(name: Self.name, lease: 77, revision: 12))
        let grant = transport.requests.first { $0.url.hasSuffix("/lease/grant") }
        #expect(String(decoding: grant?.body ?? [], as: UTF8.self) == #"{"TTL":"5"}"#)
    }

    @Test(
        arguments: [
            ("0", nil, "h2, without a lease"), ("9", HeldLock(revision: 4, holder: "h2"), "h2"), ("9", HeldLock(revision: 3, holder: "h2"), nil),
        ] as [(String, HeldLock?, String?)])
    func `a lock without a lease, or one held too long, is deleted first`(lease: String, stale: HeldLock?, broken: String?) async throws {
        let (store, transport) = store(FakeClocks()) { path, body in
            switch path {
            case "/v3/kv/range":
                let isLock = body["key"]?.text.flatMap(EtcdBytes.decode).map { String(decoding: $0, as: UTF8.self).contains("/locks/") } ?? false
                let lock = [
                    "key": Self.base64("k"), "value": Self.base64("h2"), "create_revision": "4", "mod_revision": "5", "lease": .string(lease),
                ]
                return (200, .object(isLock ? ["kvs": .array([.object(lock)])] : [:]))
            case "/v3/lease/grant": return (200, .object(["ID": "77"]))
            default: return (200, .object(["succeeded": true, "header": .object(["revision": "12"])]))
            }
        }
        let locking = try await store.lock(Self.name, for: .seconds(5), over: stale)
        let sent = transport.requests.map { String(decoding: $0.body ?? [], as: UTF8.self) }
        let deletion = sent.first { $0.contains("request_delete_range") }
        switch locking {
        case .mine(let lock, _):
            #expect(lock.broken == broken && deletion?.contains(#""mod_revision":"5""#) == true)
        case .taken(_, let held):
            #expect(broken == nil && deletion == nil && held == HeldLock(revision: 4, holder: "h2"))
        }
    }

    @Test func `members are asked in turn, and the last good one first`() async throws {
        let (store, transport) = store(FakeClocks(), endpoints: ["https://down.example", "https://up.example"]) { _, _ in
            (200, .object(["header": .object(["revision": "1"])]))
        }
        _ = try await store.load()
        _ = try await store.load()
        #expect(
            transport.requests.map { String($0.url.prefix { $0 != "v" }) } == ["https://down.example/", "https://up.example/", "https://up.example/"])
    }

    @Test func `etcd's own words are the fault`() async {
        let (store, _) = store(FakeClocks()) { _, _ in (503, .object(["error": "etcdserver: no leader"])) }
        await #expect(throws: StoreFault("https://one.example: etcdserver: no leader")) { try await store.load() }
    }

    @Test func `a record that waited for etcd is as old as the record, not as its writing`() async throws {
        let clocks = FakeClocks()
        let (store, _) = keepingStore(clocks)
        let made = clocks.boot
        let record = TokenRecord(
            bootID: "b", boot: made, wall: clocks.wall, state: TokenState(policy: RefreshPolicy()), memory: LoginMemory())
        clocks.advance(by: .seconds(2700))
        _ = try await store.write(StoredToken(name: RecordName("a"), login: [1], record: record.bytes), over: 0)
        clocks.advance(by: .seconds(60))
        #expect(try await store.load().records.first?.made == made)
    }

    @Test func `all pages are read at the revision of the first`() async throws {
        let pages = Mutex(0)
        let (store, transport) = store(FakeClocks()) { _, _ in
            let entry: JSONValue = .object(["key": Self.base64("last"), "value": Self.base64("x"), "mod_revision": "3"])
            let isFirst = pages.withLock { pages in
                pages += 1
                return pages == 1
            }
            return (200, .object(["header": .object(["revision": isFirst ? "9" : "12"]), "kvs": .array([entry]), "more": .bool(isFirst)]))
        }
        #expect(try await store.load().position.revision == 9)
        let second = JSONValue(parsing: transport.requests[1].body ?? [])
        #expect(transport.requests.count == 2 && second?["revision"] == "9")
        #expect(second?["key"]?.text.flatMap(EtcdBytes.decode) == Array("last\0".utf8))
    }

    @Test(arguments: [0, 1, 3600, -3600], [false, true]) func `a record's age is counted by etcd's clock`(ahead: Int, isWritten: Bool) async throws {
        let clocks = FakeClocks()
        let (start, wall) = (clocks.boot, clocks.wall + .seconds(ahead))
        let kept = Mutex<JSONValue?>(nil)
        let transport = FakeTransport { request, _ throws(TransportFault) in
            let date = [("Date", CalendarTime.imfFixdate(wall + (clocks.boot - start)))]
            if request.url.hasSuffix("/txn") {
                kept.withLock { $0 = JSONValue(parsing: request.body ?? [])?["success"]?.elements.first?["request_put"] }
                return .make(200, #"{"succeeded":true,"header":{"revision":"7"}}"#, fields: date, clocks: clocks)
            }
            guard case .object(var entry)? = kept.withLock({ $0 }) else { return .make(200, "{}", fields: date, clocks: clocks) }
            entry["mod_revision"] = "7"
            let answer: JSONValue = .object(["header": .object(["revision": "9"]), "kvs": .array([.object(entry)])])
            return .make(200, answer.jsonText, fields: date, clocks: clocks)
        }
        let store = EtcdFleetStore(
            EtcdConfiguration(endpoints: ["https://one.example"]), key: Self.key, host: "h1", transport: transport, clocks: clocks,
            secrets: FakeSecrets(),
            events: RecordedEvents())
        _ = try await store.load()
        _ = try await store.write(Self.token, over: 0)
        clocks.advance(by: .seconds(30))
        // This host's own clock is wrong now, and changes no age: neither of what is read next, nor of what is written before the next answer.
        clocks.stepWall(by: .seconds(-7200))
        if isWritten {
            _ = try await store.write(Self.token, over: 7)
            clocks.advance(by: .seconds(30))
        }
        let age = clocks.boot - (try #require(try await store.load().records.first?.made))
        // Clocks less than two seconds apart count as equal.
        #expect((.seconds(28)...Duration.seconds(32)).contains(age), "\(age)")
    }
}

/// etcd's own authentication, and records that cannot be read.
extension EtcdFleetStoreTests {
    @Test func `a user logs in once, and again when the token is not known any more`() async throws {
        let known = Mutex<String?>(nil)
        let logins = Mutex<[String]>([])
        let (store, transport) = store(FakeClocks(), user: "broker") { path, body in
            if path == "/v3/auth/authenticate" {
                let token = logins.withLock { logins in
                    logins.append(body["password"]?.text ?? "")
                    return "token \(logins.count)"
                }
                known.withLock { $0 = token }
                return (200, .object(["token": .string(token)]))
            }
            return known.withLock { $0 } == nil
                ? (401, .object(["error": "etcdserver: invalid auth token"])) : (200, .object(["header": .object(["revision": "1"])]))
        }
        _ = try await store.load()
        _ = try await store.load()
        known.withLock { $0 = nil }
        _ = try await store.load()
        #expect(logins.withLock { $0 } == ["password of broker", "password of broker"])
        let tokens = transport.requests.filter { $0.url.hasSuffix("/range") }.map { $0.fields[.authorization] }
        #expect(tokens == ["token 1", "token 1", "token 1", "token 2"])
    }

    @Test func `a wrong password is told in etcd's words`() async {
        let (store, _) = store(FakeClocks(), user: "broker") { _, _ in
            (400, .object(["error": "etcdserver: authentication failed, invalid user ID or password"]))
        }
        let expected = StoreFault("https://one.example: etcdserver: authentication failed, invalid user ID or password")
        await #expect(throws: expected) { try await store.load() }
    }

    @Test func `a value too large is left out by its name, and spoils no page`() async throws {
        let (clocks, events) = (FakeClocks(), RecordedEvents())
        let transport = FakeTransport { request, _ throws(TransportFault) in
            let body = JSONValue(parsing: request.body ?? []) ?? .null
            let from = body["key"]?.text.flatMap(EtcdBytes.decode).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let isBefore = from <= "/tokenbroker/tokens/big"
            if isBefore, body["keys_only"] == nil { throw TransportFault(.unreadable, "the answer is larger than 1 MiB") }
            let key = isBefore ? "/tokenbroker/tokens/big" : "/tokenbroker/tokens/other"
            let entry: JSONValue = .object(["key": EtcdBytes.encode(Array(key.utf8)), "value": "AAAA", "mod_revision": "3"])
            return .make(
                200, JSONValue.object(["header": .object(["revision": "9"]), "kvs": .array([entry]), "more": .bool(isBefore)]).jsonText,
                clocks: clocks)
        }
        let store = EtcdFleetStore(
            EtcdConfiguration(endpoints: ["https://one.example"]), key: StoreKey(), host: "h1", transport: transport, clocks: clocks,
            secrets: FakeSecrets(), events: events)
        for _ in 0..<2 { #expect(try await store.load().records.isEmpty) }
        let said = events.all.map { "\($0)" }
        #expect(said.count == 2 && said[0].contains("tokens/big") && said[0].contains("tooLarge"))
        #expect(said[1].contains("tokens/other") && said[1].contains("sealed"))
    }

    @Test func `a record from the future counts as the oldest, and members whose clocks differ are reported once`() async throws {
        let (clocks, events) = (FakeClocks(), RecordedEvents())
        let kept = Mutex<JSONValue?>(nil)
        let ahead = Mutex(Duration.seconds(60))
        let transport = FakeTransport { request, _ throws(TransportFault) in
            if request.url.hasPrefix("https://one.example"), ahead.withLock({ $0 }) == .zero { throw TransportFault(.unreachable, "gone") }
            let body = JSONValue(parsing: request.body ?? []) ?? .null
            if let put = body["success"]?.elements.first?["request_put"] { kept.withLock { $0 = put } }
            let date = CalendarTime.imfFixdate(clocks.wall + ahead.withLock { $0 })
            var entry: [String: JSONValue] = [:]
            if case .object(let put)? = kept.withLock({ $0 }) { entry = put.merging(["mod_revision": "7"]) { $1 } }
            let answer: JSONValue = .object([
                "succeeded": true, "header": .object(["revision": "9"]), "kvs": .array(entry.isEmpty ? [] : [.object(entry)]),
            ])
            return .make(200, answer.jsonText, fields: [("Date", date)], clocks: clocks)
        }
        let store = EtcdFleetStore(
            EtcdConfiguration(endpoints: ["https://one.example", "https://two.example"]), key: StoreKey(), host: "h1", transport: transport,
            clocks: clocks, secrets: FakeSecrets(), events: events)
        _ = try await store.load()
        _ = try await store.write(StoredToken(name: RecordName("a"), login: [1], record: [1]), over: 0)
        #expect(try await store.load().records.first?.made == clocks.boot)
        ahead.withLock { $0 = .zero }
        _ = try await store.load()
        #expect(try await store.load().records.first?.made == clocks.boot - FleetRecord.unknownAge)
        #expect(events.all.map { "\($0)".prefix { $0 != "(" } } == ["fleetClocksDiffer"])
    }
}
