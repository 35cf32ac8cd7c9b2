import Admission
import Broker
import Contract
import LocalHTTP
import Observability
import TestSupport
import Time

@testable import API
@testable import Admission

/// What an event loop does with a request, without a socket: the parser, the rendered answers, then the routes.
final class SimulatedLoop: @unchecked Sendable {
    private let cache: AnswerCache
    private let accepts = AcceptMemory()
    private var requests = 0

    init(_ metrics: RequestMetrics) { cache = AnswerCache(metrics) }

    struct Answer: Sendable {
        var status: Int
        var fields: [(name: String, value: String)]
        var body: [UInt8]

        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    /// Answers a message; nil where it is no request.
    func answer(_ message: String, to caller: Caller, of daemon: Daemon) async -> Answer? {
        let bytes = Array(message.utf8)
        let parser = RequestParser(limits: .usual)
        guard case .complete = parser.parse(bytes.span) else { return nil }
        if let rendered = rendered(parser, bytes, daemon) { return rendered }
        requests += 1
        let work: BrokerAPI.Answer
        do throws(Problem) {
            let target = try RequestTarget(parser.head, bytes.span)
            guard case .route(let route, let parameters) = RouteTable.match(method: parser.head.method.rawValue, segments: target.segments) else {
                return nil
            }
            let request = try APIRequest(
                route: route, parameters: parameters, query: target.query, head: parser.head, bytes: bytes.span,
                body: bytes.span.extracting(parser.bodyRange), caller: caller, policy: daemon.board.serving.rules.policy,
                requestID: "simulated-\(requests)")
            work = daemon.api.answer(request)
        } catch {
            return Self.answer(error.response(requestID: ""))
        }
        switch work {
        case .now(let outcome): return Self.answer(outcome.response)
        case .later(let work): return Self.answer(await work().response)
        }
    }

    private static func answer(_ response: Response) -> Answer {
        Answer(status: response.status, fields: response.fields, body: response.body)
    }

    /// An answer from rendered bytes, as the loop sends it.
    private func rendered(_ parser: RequestParser, _ bytes: [UInt8], _ daemon: Daemon) -> Answer? {
        guard parser.head.method == .get || parser.head.method == .head else { return nil }
        var time = LoopTime()
        (time.boot, time.wall) = (daemon.life.boot.nanoseconds, daemon.life.wall.nanoseconds)
        cache.begin(time)
        cache.update(daemon.board.serving.cells)
        var (place, isHeaders) = (cache.place(parser.head.path, bytes.span), false)
        if place == nil { (place, isHeaders) = (cache.placeOfHeaders(parser.head.path, bytes.span), true) }
        guard let place, let shape = ShapedRequest(parser.head, bytes.span, isHeaders: isHeaders, accepts) else { return nil }
        let slot = cache.slot(place)
        guard var answer = cache.answer(slot, as: shape.form), shape.minValid == 0 || cache.hasMore(answer, than: shape.minValid) else { return nil }
        var form = shape.form
        if shape.names(answer.fingerprint, bytes.span), let unmodified = cache.answer(slot, as: .notModified) {
            (answer, form) = (unmodified, .notModified)
        }
        var output = ResponseBuffer()
        let route = isHeaders ? Route.tokenHeaders : Route.token
        let reply = RenderedReply(form: form, counter: cache.counter(route.endpoint, form), closes: false, omitsBody: parser.head.method == .head)
        cache.send(answer, of: slot, reply, into: &output)
        return Self.parsed(output.bytes)
    }

    /// A response as it is on the wire.
    private static func parsed(_ bytes: [UInt8]) -> Answer? {
        let ends = bytes.indices.dropLast(3).first { bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10 }
        guard let end = ends else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        let fields = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
        }
        return Answer(status: status, fields: fields, body: Array(bytes[(end + 4)...]))
    }
}
