import Configuration
import HTTPTypes
import JSON
import OutboundHTTP
import Store
import Synchronization
import Time

/// A client of etcd v3's JSON gateway; it tries one member after another until one answers, beginning with the last that did.
final class EtcdClient: Sendable {
    private let configuration: EtcdConfiguration
    private let transport: any HTTPTransport
    private let clocks: any Clocks
    private let preferred = Mutex(0)
    /// etcd's wall clock minus the local one, from the `Date` of its answers; zero if they agree within its resolution.
    private let offset = Mutex(Duration.zero)

    /// Seconds that two clocks may differ by and agree, as seen through whole seconds.
    static let resolution: Int64 = 2
    private static let connectTime = Duration.seconds(1)
    private static let time = Duration.seconds(3)

    init(_ configuration: EtcdConfiguration, transport: any HTTPTransport, clocks: any Clocks) {
        self.configuration = configuration
        self.transport = transport
        self.clocks = clocks
    }

    /// The members' wall clock, so that hosts with different clocks agree on a moment.
    var wall: WallTime { clocks.wall + offset.withLock { $0 } }

    /// Calls a method and returns its answer.
    ///
    /// - Throws: `StoreFault` if no member answers.
    func call(_ path: String, _ body: JSONValue) async throws(StoreFault) -> JSONValue {
        try await eachMember { member throws(StoreFault) in try await self.call(path, body, at: member) }
    }

    /// Calls a method of one member.
    func call(_ path: String, _ body: JSONValue, at member: Int) async throws(StoreFault) -> JSONValue {
        let endpoint = configuration.endpoints[member]
        let reply = try await send(endpoint, path, body, sink: nil)
        guard reply.status == 200, let answer = JSONValue(parsing: reply.body) else {
            let reason = JSONValue(parsing: reply.body)?["error"]?.text ?? reply.bodyProblem ?? "status \(reply.status)"
            throw StoreFault("\(endpoint): \(reason)")
        }
        note(reply)
        return answer
    }

    /// Calls a streaming method of one member and passes each line of the answer to `receive`, until the connection ends or `receive` returns
    /// false.
    func stream(_ path: String, _ body: JSONValue, at member: Int, _ receive: @escaping @Sendable (JSONValue) -> Bool) async throws(StoreFault) {
        let lines = JSONLines(receive)
        let endpoint = configuration.endpoints[member]
        _ = try await send(endpoint, path, body, sink: { lines.take($0) })
        throw StoreFault("\(endpoint): the watch has ended")
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

    private func send(_ endpoint: String, _ path: String, _ body: JSONValue, sink: (@Sendable ([UInt8]) -> Bool)?) async throws(StoreFault)
        -> PartnerReply
    {
        var connection = ConnectionSettings()
        connection.authorities = configuration.authorities
        connection.certificate = configuration.certificate
        connection.key = configuration.key
        connection.connectTime = Self.connectTime
        connection.time = Self.time
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        // Makes a member that has lost the others end a watch instead of keeping it silent.
        if sink != nil, let name = HTTPField.Name("Grpc-Metadata-hasleader") { fields[name] = "true" }
        let base = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        var request = OutboundRequest(
            method: .post, url: base + path, fields: fields, body: Array(body.jsonText.utf8), connection: connection)
        request.sink = sink
        do throws(TransportFault) {
            return try await transport.send(request)
        } catch {
            throw StoreFault("\(endpoint): \(error.reason)")
        }
    }

    /// Updates the clock offset; `Date` has whole seconds, so clocks less than two apart agree.
    private func note(_ reply: PartnerReply) {
        guard let date = reply.first(.date).flatMap(CalendarTime.parseIMFFixdate) else { return }
        let difference = date - reply.receivedAtWall
        let isSame = difference > .seconds(-Self.resolution) && difference < .seconds(Self.resolution)
        offset.withLock { $0 = isSame ? .zero : difference }
    }
}
