import Dispatch
package import Files
import FoundationEssentials
import LocalHTTP
import Synchronization

/// A server for all partners on one loopback port, each under its own first path segment, with the control API under `/_sandbox`.
package final class SandboxServer: Sendable {
    private let server: HTTPServer
    private let state: SharedState

    /// The names of its partners.
    package static var partners: [String] { SandboxState.partners.map(\.name) }

    /// The URL of the server, `http://127.0.0.1:PORT`.
    package var url: String { "http://\(server.addresses[0])" }

    /// - Parameters:
    ///   - port: 0 lets the kernel choose.
    ///   - lifetimes: lifetimes in seconds by partner, in place of those on the pages.
    package init(port: UInt16 = 0, lifetimes: [String: Double] = [:]) throws(SystemCallError) {
        let state = SharedState(SandboxState(lifetimes: lifetimes))
        self.state = state
        server = try HTTPServer([try Listener(.loopback4(host: [127, 0, 0, 1], port: port))], limits: Self.limits) { SandboxHandler(state) }
    }

    /// The default limits of the daemon.
    private static let limits = ServerLimits(
        headerBytes: 16 * 1024, fields: 100, bodyBytes: 64 * 1024, headerTime: .seconds(5), requestTime: .seconds(10), idleTime: .seconds(60),
        connections: 1024, shareBytes: 16 * 1024 * 1024, idleGrace: .seconds(1), firstRequestGrace: .milliseconds(250))

    deinit {
        server.stop()
    }

    package func arm(_ fault: Fault?, for partner: String) {
        _ = state.value.withLock { $0.arm(fault, for: partner, now: SharedState.now) }
    }

    package func setLifetime(_ seconds: Double, for partner: String) {
        _ = state.value.withLock { $0.setLifetime(seconds, for: partner) }
    }

    package func revoke(_ partner: String) {
        _ = state.value.withLock { $0.revoke(partner) }
    }

    /// The number of login requests to a partner and of tokens it issued.
    package func count(_ partner: String) -> (requests: Int, tokens: Int) {
        state.value.withLock { ($0.accounts[partner]?.requests ?? 0, $0.accounts[partner]?.tokens ?? 0) }
    }

    package func isValid(_ token: String) -> Bool {
        state.value.withLock { $0.mint.isValid(token, now: SharedState.now) }
    }
}

private final class SandboxHandler: RequestHandler {
    private let state: SharedState

    init(_ state: SharedState) { self.state = state }

    func accept(_ peer: Peer) -> Admittance { Admittance(share: ConnectionShare(.strangers, limit: .max)) }
    func begin(_ time: LoopTime) {}
    func refuse(_ fault: MessageFault) -> Response { Response(status: fault.status) }

    func respond(
        to head: borrowing RequestHead, bytes: Span<UInt8>, body: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Reply {
        var request = Self.request(head, bytes, body)
        let end = request.path.dropFirst().firstIndex(of: "/") ?? request.path.endIndex
        let prefix = String(request.path[..<end].dropFirst())
        request.path = String(request.path[end...])
        if prefix == "_sandbox" { return .response(SandboxControl.answer(request, state).response) }
        switch state.value.withLock({ $0.answer(request, prefix: prefix, now: SharedState.now) }) {
        case .reply(let reply):
            return .response(reply.response)
        case .later(let reply, let milliseconds):
            let ticket = connection.ticket()
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { ticket.deliver(reply.response) }
            return .later
        case .cut:
            output.append("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{\"token\": \"ey")
            return .hangUp
        }
    }

    private static func request(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ body: Span<UInt8>) -> SandboxRequest {
        // The method and field names are read again from the message: the parser keeps only those it acts on.
        let message = String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        var request = SandboxRequest(method: String(message.prefix { $0 != " " }), path: bytes.text(head.path))
        request.query = head.query.map { SandboxRequest.pairs(bytes.text($0)) } ?? [:]
        request.body = body.indices.map { body[$0] }
        for line in message.split(separator: "\r\n", omittingEmptySubsequences: false).dropFirst() {
            guard !line.isEmpty, let colon = line.firstIndex(of: ":") else { break }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            request.headers[line[..<colon].lowercased()] = String(value)
        }
        return request
    }
}
