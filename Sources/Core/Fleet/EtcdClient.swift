import Configuration
import HTTPTypes
import JSON
import OutboundHTTP
import Secrets
import Store
import Synchronization
import Time
import Tokens

/// A client of etcd v3's JSON gateway; it tries one member after another until one answers, beginning with the last that did.
final class EtcdClient: Sendable {
    private let configuration: EtcdConfiguration
    private let transport: any HTTPTransport
    private let clocks: any Clocks
    private let secrets: any SecretSource
    private let events: any EventSink
    private let preferred = Mutex(0)
    /// The token of etcd's own authentication; nil before the first call, and once it is refused.
    private let token = Mutex<String?>(nil)
    private let time = Mutex(MemberTime())

    /// Seconds that two clocks may differ by and agree, as seen through whole seconds.
    static let resolution: Int64 = 2
    private static let connectTime = Duration.seconds(1)
    private static let callTime = Duration.seconds(3)

    /// What the members' answers say about their clocks.
    private struct MemberTime {
        /// etcd's wall clock less the boot-time clock, which nobody sets, from the `Date` of the last answer; this host's own wall clock where
        /// the two agree within its resolution. Nil before the first answer.
        var offset: Duration?
        var byMember: [Int: Duration] = [:]
        var isReported = false
    }

    init(_ configuration: EtcdConfiguration, transport: any HTTPTransport, clocks: any Clocks, secrets: any SecretSource, events: any EventSink) {
        self.configuration = configuration
        self.transport = transport
        self.clocks = clocks
        self.secrets = secrets
        self.events = events
    }

    /// The members' wall clock, so that hosts with different clocks agree on a moment.
    var wall: WallTime {
        let (boot, wall) = (clocks.boot, clocks.wall)
        return time.withLock { $0.offset }.map { WallTime(nanoseconds: boot.nanoseconds) + $0 } ?? wall
    }

    /// Calls a method and returns its answer.
    ///
    /// - Throws: `StoreFault` if no member answers.
    func call(_ path: String, _ body: JSONValue) async throws(StoreFault) -> JSONValue {
        try await eachMember { member throws(StoreFault) in try await self.call(path, body, at: member) }
    }

    /// Calls a method of one member.
    func call(_ path: String, _ body: JSONValue, at member: Int) async throws(StoreFault) -> JSONValue {
        var reply = try await send(member, path, body, token: try await authenticated(at: member), sink: nil)
        // A member that was restarted knows no token any more.
        if reply.status == 401, configuration.user != nil {
            token.withLock { $0 = nil }
            reply = try await send(member, path, body, token: try await authenticated(at: member), sink: nil)
        }
        return try answer(reply, of: member)
    }

    private func answer(_ reply: PartnerReply, of member: Int) throws(StoreFault) -> JSONValue {
        guard reply.status == 200, let answer = JSONValue(parsing: reply.body) else {
            let json = JSONValue(parsing: reply.body)
            // The gateway's own words come as plain text.
            let text = String(decoding: reply.body.prefix(200).prefix { $0 != 0x0A }, as: UTF8.self)
            let words = json?["error"]?.text ?? json?["message"]?.text ?? reply.bodyProblem ?? text
            let reason = words.isEmpty ? "status \(reply.status)" : words
            throw StoreFault("\(configuration.endpoints[member]): \(reason)")
        }
        note(reply, of: member)
        return answer
    }

    /// The token of the configured user, which is asked for once; nil where no user is configured.
    private func authenticated(at member: Int) async throws(StoreFault) -> String? {
        guard let user = configuration.user, let reference = configuration.password else { return nil }
        if let known = token.withLock({ $0 }) { return known }
        let password: Secret
        do throws(SecretFault) {
            password = try await secrets.read(reference)
        } catch {
            throw StoreFault("etcd's password: \(error)")
        }
        let body: JSONValue = .object(["name": .string(user), "password": .string(password.exposedText)])
        let reply = try answer(try await send(member, "/v3/auth/authenticate", body, token: nil, sink: nil), of: member)
        guard let new = reply["token"]?.text else { throw StoreFault("\(configuration.endpoints[member]): the answer has no token for \(user)") }
        token.withLock { $0 = new }
        return new
    }

    /// Calls a streaming method of one member and passes each line of the answer to `receive`, until the connection ends or `receive` returns
    /// false.
    func stream(_ path: String, _ body: JSONValue, at member: Int, _ receive: @escaping @Sendable (JSONValue) -> Bool) async throws(StoreFault) {
        let lines = JSONLines(receive)
        _ = try await send(member, path, body, token: try await authenticated(at: member), sink: { lines.take($0) })
        throw StoreFault("\(configuration.endpoints[member]): the watch has ended")
    }

    /// Asks one member after another until one answers, beginning with the last that did.
    func eachMember<Answer: Sendable>(_ ask: (Int) async throws(StoreFault) -> Answer) async throws(StoreFault) -> Answer {
        let first = preferred.withLock { $0 }
        var fault = StoreFault("no etcd member is configured")
        for step in configuration.endpoints.indices {
            let index = (first + step) % configuration.endpoints.count
            do throws(StoreFault) {
                let answer = try await ask(index)
                preferred.withLock { $0 = index }
                return answer
            } catch {
                fault = error
                preferred.withLock { $0 = (index + 1) % configuration.endpoints.count }
                if Task.isCancelled { break }
            }
        }
        throw fault
    }

    private func send(_ member: Int, _ path: String, _ body: JSONValue, token: String?, sink: (@Sendable ([UInt8]) -> Bool)?)
        async throws(StoreFault)
        -> PartnerReply
    {
        let endpoint = configuration.endpoints[member]
        var connection = ConnectionSettings()
        connection.authorities = configuration.authorities
        connection.certificate = configuration.certificate
        connection.key = configuration.key
        connection.connectTime = Self.connectTime
        connection.time = Self.callTime
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        fields[.authorization] = token
        // Makes a member that has lost the others end a watch instead of keeping it silent.
        if sink != nil, let name = HTTPField.Name("Grpc-Metadata-hasleader") { fields[name] = "true" }
        let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        var request = OutboundRequest(
            method: .post, url: base + path, fields: fields, body: Array(body.jsonText.utf8), connection: connection)
        request.sink = sink
        do throws(TransportFault) {
            return try await transport.send(request)
        } catch {
            throw StoreFault("\(endpoint): \(error.reason)", error.kind == .unreadable ? .tooLarge : .other)
        }
    }

    /// Updates the clock offset; `Date` has whole seconds, so clocks less than two apart agree.
    private func note(_ reply: PartnerReply, of member: Int) {
        guard let date = reply.first(.date).flatMap(CalendarTime.parseIMFFixdate) else { return }
        let difference = date - reply.receivedAtWall
        let isSame = difference > .seconds(-Self.resolution) && difference < .seconds(Self.resolution)
        let own = clocks.offset
        let spread = time.withLock { time -> Duration? in
            time.offset = isSame ? own : own + difference
            time.byMember[member] = own + difference
            let spread = (time.byMember.values.max() ?? .zero) - (time.byMember.values.min() ?? .zero)
            // Each of the two is known to whole seconds only.
            let isWide = spread > .seconds(2 * Self.resolution)
            defer { time.isReported = isWide }
            return isWide && !time.isReported ? spread : nil
        }
        if let spread { events.record(.fleetClocksDiffer(by: spread)) }
    }
}
