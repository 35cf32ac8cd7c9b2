package import Configuration
import JSON
package import OutboundHTTP
package import Secrets
package import Store
import Synchronization
package import Time
package import Tokens

/// Records and locks in etcd v3. Records are sealed: etcd sees names, sizes and times, never a token.
///
/// Below the prefix, `tokens/NAME/INPUTS/LOGIN` holds a sealed record (INPUTS and LOGIN are digests, the latter of the store key too: hosts with
/// another key have records of their own), and `locks/NAME/INPUTS` holds
/// the host that logs in, bound to a lease.
package final class EtcdFleetStore: FleetStore {
    private let client: EtcdClient
    private let prefix: String
    private let key: Secret
    /// Tells the records of this store key from those of another.
    private let mark: [UInt8]
    private let host: String
    private let clocks: any Clocks
    private let events: any EventSink
    /// Keys whose records were reported as unreadable, and why.
    private let unread = Mutex<[[UInt8]: FleetRecordFault]>([:])

    /// - Parameter host: written to locks, for people to read.
    package init(
        _ configuration: EtcdConfiguration, key: StoreKey, host: String, transport: any HTTPTransport, clocks: any Clocks, secrets: any SecretSource,
        events: any EventSink
    ) {
        client = EtcdClient(configuration, transport: transport, clocks: clocks, secrets: secrets, events: events)
        (self.events, self.clocks) = (events, clocks)
        prefix = configuration.prefix
        self.key = key.derived(for: "records")
        mark = key.derived(for: "places").exposedBytes
        self.host = host
    }

    // MARK: Keys and values

    private static func part(_ bytes: [UInt8]) -> String { Digest.hex(Digest.sha256(bytes).prefix(8)) }

    private func tokenKey(_ name: FleetName) -> [UInt8] {
        Array("\(prefix)tokens/\(name.record.token)/\(Self.part(Array(name.record.inputs.utf8)))/\(Self.part(name.login + mark))".utf8)
    }

    private func lockKey(_ name: RecordName) -> [UInt8] { Array("\(prefix)locks/\(name.token)/\(Self.part(Array(name.inputs.utf8)))".utf8) }

    /// The end of the range of all keys that begin with `key`: `key` with its last byte incremented.
    private static func rangeEnd(_ key: [UInt8]) -> [UInt8] { key.dropLast() + [(key.last ?? 0) &+ 1] }

    private static func associated(_ key: [UInt8]) -> [UInt8] { Array("fleet\0".utf8) + key }

    /// Seals the full name, the login, the record and the time at which it was made, by etcd's clock: a record may have waited for hours until
    /// etcd was back.
    private func sealed(_ token: StoredToken, key place: [UInt8]) -> [UInt8] {
        let made = client.wall - token.age(by: clocks)
        let body: JSONValue = .object([
            "token": .string(token.name.token), "inputs": .object(token.name.perRequest.mapValues { .string($0) }),
            "login": EtcdBytes.encode(token.login), "record": EtcdBytes.encode(token.record), "at": .integer(made.nanoseconds),
            "host": .string(host),
        ])
        return SealedRecord.seal(Array(body.jsonText.utf8), key: key, associated: Self.associated(place))
    }

    private func record(_ entry: EtcdEntry) -> FleetRecord? {
        guard let bytes = SealedRecord.open(entry.value, key: key, associated: Self.associated(entry.key)), let json = JSONValue(parsing: bytes),
            let token = json["token"]?.text, case .object(let inputs)? = json["inputs"],
            let login = json["login"]?.text.flatMap(EtcdBytes.decode), let record = json["record"]?.text.flatMap(EtcdBytes.decode),
            let at = json["at"]?.integerValue
        else {
            report(entry.key, .sealed)
            return nil
        }
        unread.withLock { $0[entry.key] = nil }
        // A record from the future was written by another clock than the one it is read by: it counts as the oldest.
        let stated = client.wall - WallTime(nanoseconds: at)
        let age = stated >= .zero ? stated : stated >= .seconds(-EtcdClient.resolution) ? .zero : FleetRecord.unknownAge
        let name = RecordName(token, inputs.compactMapValues(\.text))
        return FleetRecord(token: StoredToken(name: name, login: login, record: record), revision: entry.modified, made: clocks.boot - age)
    }

    /// Reports a record that cannot be read, once.
    private func report(_ key: [UInt8], _ fault: FleetRecordFault) {
        let isNew = unread.withLock { unread in
            defer { unread[key] = fault }
            return unread[key] != fault
        }
        if isNew { events.record(.fleetRecordUnread(key: String(decoding: key, as: UTF8.self), fault: fault)) }
    }

    private static func range(_ key: [UInt8], end: [UInt8]? = nil) -> JSONValue {
        var members = ["key": EtcdBytes.encode(key)]
        members["range_end"] = end.map(EtcdBytes.encode)
        return .object(members)
    }

    private static func compare(_ key: [UInt8], _ target: String, _ value: Int64) -> JSONValue {
        .object([
            "key": EtcdBytes.encode(key), "result": "EQUAL", "target": .string(target.uppercased()), "\(target)_revision": .string(String(value)),
        ])
    }

    private static func put(_ key: [UInt8], _ value: [UInt8], lease: Int64? = nil) -> JSONValue {
        var members = ["key": EtcdBytes.encode(key), "value": EtcdBytes.encode(value)]
        members["lease"] = lease.map { .string(String($0)) }
        return .object(["request_put": .object(members)])
    }

    private static func delete(_ key: [UInt8]) -> JSONValue { .object(["request_delete_range": range(key)]) }

    private static func get(_ key: [UInt8]) -> JSONValue { .object(["request_range": range(key)]) }

    private static func transaction(_ compare: JSONValue, success: [JSONValue], failure: [JSONValue]) -> JSONValue {
        .object(["compare": .array([compare]), "success": .array(success), "failure": .array(failure)])
    }

    /// The records that a transaction's range requests found, in order.
    private func records(_ answer: JSONValue) -> [FleetRecord] {
        (answer["responses"]?.elements ?? []).flatMap { $0["response_range"]?["kvs"]?.elements ?? [] }.compactMap(EtcdEntry.init).compactMap(record)
    }

    private static func revision(_ answer: JSONValue) -> Int64 { answer["header"]?.int64("revision") ?? 0 }

    // MARK: FleetStore

    package func load() async throws(StoreFault) -> (records: [FleetRecord], position: FleetPosition) {
        try await client.eachMember { member throws(StoreFault) in try await self.load(at: member) }
    }

    private func load(at member: Int) async throws(StoreFault) -> (records: [FleetRecord], position: FleetPosition) {
        let all = Array("\(prefix)tokens/".utf8)
        var (from, revision, records, limit) = (all, Int64(0), [FleetRecord](), Self.pageRecords)
        while true {
            var request = [
                "key": EtcdBytes.encode(from), "range_end": EtcdBytes.encode(Self.rangeEnd(all)), "limit": .string(String(limit)),
            ]
            // All pages show the same revision.
            if revision > 0 { request["revision"] = .string(String(revision)) }
            let answer: JSONValue
            do throws(StoreFault) {
                answer = try await client.call("/v3/kv/range", .object(request), at: member)
                limit = Self.pageRecords
            } catch {
                guard error.kind == .tooLarge else { throw error }
                // A value that fills an answer alone is no record of ours: it is left out by its name.
                if limit == 1 {
                    request["keys_only"] = true
                    answer = try await client.call("/v3/kv/range", .object(request), at: member)
                    for entry in (answer["kvs"]?.elements ?? []).compactMap(EtcdEntry.init) { report(entry.key, .tooLarge) }
                } else {
                    limit = 1
                    continue
                }
            }
            let entries = (answer["kvs"]?.elements ?? []).compactMap(EtcdEntry.init)
            if revision == 0 { revision = Self.revision(answer) }
            guard revision >= 0, revision < .max else { throw StoreFault("etcd answered with the impossible revision \(revision)") }
            if request["keys_only"] == nil { records += entries.compactMap(record) }
            guard answer["more"] == true, let last = entries.last else { return (records, FleetPosition(revision: revision, member: member)) }
            guard from.lexicographicallyPrecedes(last.key + [0]) else { throw StoreFault("etcd answered with a page that does not go on") }
            from = last.key + [0]
        }
    }

    /// An answer is at most 1 MiB, and a record with a token of 16 KiB at most some 120 kB.
    private static let pageRecords = 8

    package func lock(_ name: FleetName, for time: Duration, over stale: HeldLock?) async throws(StoreFault) -> FleetLocking {
        let lock = lockKey(name.record)
        // Look first: of ten thousand hosts nearly all find the lock taken, and granting a lease is a write.
        let seen = try await client.call("/v3/kv/range", Self.range(lock))
        guard let entry = (seen["kvs"]?.elements ?? []).first.flatMap(EtcdEntry.init) else {
            return try await take(name, lock, for: time, broken: nil)
        }
        let held = HeldLock(revision: entry.created, holder: String(decoding: entry.value.prefix(100), as: UTF8.self))
        // A key without a lease was copied here, or written by hand: it would hold for ever.
        if entry.lease != 0, held != stale {
            let answer = try await client.call("/v3/kv/range", Self.range(tokenKey(name)))
            return .taken((answer["kvs"]?.elements ?? []).compactMap(EtcdEntry.init).compactMap(record).first, held)
        }
        do throws(StoreFault) {
            _ = try await client.call(
                "/v3/kv/txn", Self.transaction(Self.compare(lock, "mod", entry.modified), success: [Self.delete(lock)], failure: []))
        } catch {
            throw StoreFault(error.description, .writeOnly)
        }
        return try await take(name, lock, for: time, broken: entry.lease == 0 ? "\(held.holder), without a lease" : held.holder)
    }

    /// Takes a lock that nobody holds, unless another host is faster.
    private func take(_ name: FleetName, _ lock: [UInt8], for time: Duration, broken: String?) async throws(StoreFault) -> FleetLocking {
        do throws(StoreFault) {
            return try await takeFree(name, lock, for: time, broken: broken)
        } catch {
            // Reading it worked a moment ago.
            throw StoreFault(error.description, .writeOnly)
        }
    }

    private func takeFree(_ name: FleetName, _ lock: [UInt8], for time: Duration, broken: String?) async throws(StoreFault) -> FleetLocking {
        let token = tokenKey(name)
        let get = unread.withLock { $0[token] == .tooLarge } ? [] : [Self.get(token)]
        let lease = try await client.call("/v3/lease/grant", .object(["TTL": .string(String(max(1, time.secondsRoundedUp)))])).int64("ID")
        let answer = try await client.call(
            "/v3/kv/txn",
            Self.transaction(
                Self.compare(lock, "create", 0), success: [Self.put(lock, Array(host.utf8), lease: lease)] + get, failure: get))
        let record = records(answer).first
        guard answer["succeeded"] == true else {
            _ = try? await client.call("/v3/lease/revoke", .object(["ID": .string(String(lease))]))
            return .taken(record, nil)
        }
        return .mine(FleetLock(name: name, lease: lease, revision: Self.revision(answer), broken: broken), record)
    }

    package func prolong(_ lock: FleetLock) async throws(StoreFault) {
        _ = try await client.call("/v3/lease/keepalive", .object(["ID": .string(String(lock.lease))]))
    }

    package func unlock(_ lock: FleetLock) async throws(StoreFault) {
        _ = try await client.call("/v3/lease/revoke", .object(["ID": .string(String(lock.lease))]))
    }

    package func write(_ token: StoredToken, under lock: FleetLock) async throws(StoreFault) -> FleetWriting {
        try await write(token, where: Self.compare(lockKey(lock.name.record), "create", lock.revision))
    }

    package func write(_ token: StoredToken, over revision: Int64) async throws(StoreFault) -> FleetWriting {
        let key = tokenKey(FleetName(token.name, login: token.login))
        return try await write(token, where: revision == 0 ? Self.compare(key, "create", 0) : Self.compare(key, "mod", revision))
    }

    private func write(_ token: StoredToken, where compare: JSONValue) async throws(StoreFault) -> FleetWriting {
        let key = tokenKey(FleetName(token.name, login: token.login))
        let answer = try await client.call(
            "/v3/kv/txn", Self.transaction(compare, success: [Self.put(key, sealed(token, key: key))], failure: [Self.get(key)]))
        return answer["succeeded"] == true ? .written(revision: Self.revision(answer)) : .refused(records(answer).first)
    }

    package func watch(from position: FleetPosition, _ receive: @escaping @Sendable (FleetNews) -> Void) async throws(StoreFault) {
        let all = Array(prefix.utf8)
        let locks = Array("\(prefix)locks/".utf8)
        let request: JSONValue = .object([
            "create_request": .object([
                "key": EtcdBytes.encode(all), "range_end": EtcdBytes.encode(Self.rangeEnd(all)),
                "start_revision": .string(String(position.revision &+ 1)),
            ])
        ])
        try await client.stream("/v3/watch", request, at: position.member) { [self] line in
            if line["error"] != nil || line["result"]?["canceled"] == true { return false }
            for event in line["result"]?["events"]?.elements ?? [] {
                guard let entry = event["kv"].flatMap(EtcdEntry.init) else { continue }
                if entry.key.starts(with: locks) {
                    let name = String(decoding: entry.key.dropFirst(locks.count), as: UTF8.self).prefix { $0 != "/" }
                    if event["type"] == "DELETE" { receive(.unlocked(RecordName(String(name)))) }
                } else if event["type"] == "DELETE" {
                    // Whose record it was, its key does not say: the load that follows shows who must write again.
                    return false
                } else if let record = record(entry) {
                    receive(.record(record))
                }
            }
            return true
        }
    }
}
