import HTTPTypes
import OutboundHTTP
import Synchronization

/// Records the exchanges without secrets: method, URL without its secrets and the values of its query, field names, status, size and content type.
final class RecordingTransport: HTTPTransport {
    private let inner: any HTTPTransport
    private let recorded = Mutex<[String]>([])

    init(_ inner: any HTTPTransport) {
        self.inner = inner
    }

    var lines: [String] { recorded.withLock { $0 } }

    func clear() {
        recorded.withLock { $0 = [] }
    }

    func send(_ request: OutboundRequest) async throws(TransportFault) -> PartnerReply {
        let url = request.url.split(separator: "?", maxSplits: 1)
        let query = url.count > 1 ? "?" + url[1].split(separator: "&").map { "\($0.prefix { $0 != "=" })=…" }.joined(separator: "&") : ""
        let place = request.redact(String(url[0]))
        let fields = request.fields.map(\.name.rawName).joined(separator: ", ")
        recorded.withLock { $0.append("\(request.method.rawValue) \(place)\(query) with \(fields)") }
        let reply = try await inner.send(request)
        let type = reply.fields[.contentType] ?? "no content type"
        recorded.withLock { $0.append("answered \(reply.status), \(reply.body.count) bytes of \(type)") }
        return reply
    }
}
