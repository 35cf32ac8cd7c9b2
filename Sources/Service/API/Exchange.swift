package import Admission
package import Contract
import LocalHTTP
import Observability
import Secrets
import Synchronization

/// A request that is answered by a task: everything it needs, copied out of the loop's buffers.
package struct Exchange: Sendable {
    package let route: Route
    package let parameters: [String: String]
    package let caller: Caller?
    package let requestID: String
    package let body: [UInt8]
    /// The fingerprints of If-None-Match, weakly compared (RFC 9110 §13.1.2).
    package let ifNoneMatch: [String]
    package let wantsText: Bool
    package let minValid: Duration?
    /// Nil where the query does not say.
    package let wait: Duration?
    /// The query's other pairs.
    package let perRequest: [String: String]

    /// How long a caller waits for a token where it does not say, and at most.
    static let defaultWait = Duration.seconds(5)
    static let maximumWait = 30

    package var token: String { parameters["token"] ?? "" }

    init(
        route: Route, parameters: [String: String], query: [(name: String, value: String)], head: borrowing RequestHead, bytes: Span<UInt8>,
        body: Span<UInt8>, caller: Caller?, requestID: String
    ) throws(Problem) {
        self.route = route
        self.parameters = parameters
        self.caller = caller
        self.requestID = requestID
        self.body = body.indices.map { body[$0] }
        let accept = head.value(of: .accept).map { bytes.text($0).lowercased() } ?? ""
        wantsText = accept.contains("text/plain") && !accept.contains("application/json")
        // Several lines are one list (RFC 9110 §5.3).
        let tags = head.fields.filter { $0.name == .ifNoneMatch }.map { bytes.text($0.value) }.joined(separator: ",")
        ifNoneMatch = tags.split(separator: ",").map { tag in
            let bare = tag.filter { $0 != " " && $0 != "\"" && $0 != "\t" }
            return bare.hasPrefix("W/") ? String(bare.dropFirst(2)) : String(bare)
        }
        let known = ["min_valid", "wait"]
        minValid = try Self.seconds(query, "min_valid", 0...34_560_000).flatMap { $0 > 0 ? .seconds($0) : nil }
        wait = try Self.seconds(query, "wait", 0...Self.maximumWait).map { .seconds($0) }
        perRequest = Dictionary(query.filter { !known.contains($0.name) }.map { ($0.name, $0.value) }) { first, _ in first }
    }

    private static func seconds(_ query: [(name: String, value: String)], _ name: String, _ range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = query.first(where: { $0.name == name })?.value else { return nil }
        if let number = Int(text), range.contains(number) { return number }
        throw Problem(.invalidParameter, "\(name) must be a whole number of seconds from \(range.lowerBound) to \(range.upperBound)")
    }

    /// What needs nothing but the request itself.
    var immediateOutcome: Outcome? {
        switch route.endpoint {
        case .live:
            return Outcome(Response(status: 200, fields: CommonFields.all + [("Content-Type", "text/plain")], body: Array("alive\n".utf8)))
        case .problemText:
            guard let kind = ProblemKind(rawValue: parameters["slug"] ?? "") else {
                return Outcome(Problem(.notFound, "there is no such problem"), requestID: requestID)
            }
            let text = "\(kind.title) (\(kind.status))\n\n\(kind.help)\n"
            return Outcome(Response(status: 200, fields: CommonFields.all + [("Content-Type", "text/plain; charset=utf-8")], body: Array(text.utf8)))
        default:
            return nil
        }
    }
}

/// Names requests: drawn at start, then counted, so that a line in the log can be found again.
package final class RequestIDs: Sendable {
    private let prefix = Digest.hex(Digest.random(4))
    private let count = Atomic<UInt64>(0)

    package init() {}

    package func next() -> String {
        "\(prefix)-\(count.add(1, ordering: .relaxed).newValue)"
    }
}

/// Work that answers requests, run as children of the daemon's own task.
package struct JobQueue: Sendable {
    /// `@concurrent`: stored closures that inherit no isolation (see Decisions).
    package typealias Job = @concurrent @Sendable () async -> Void
    private let stream: AsyncStream<Job>
    private let continuation: AsyncStream<Job>.Continuation
    private let count = JobCount()

    private final class JobCount: Sendable {
        let value = Atomic<Int>(0)
    }

    package init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// - Returns: false where as many jobs as `limit` are waiting or running.
    package func submit(limit: Int, _ job: @escaping Job) -> Bool {
        guard count.value.add(1, ordering: .relaxed).newValue <= limit else {
            count.value.subtract(1, ordering: .relaxed)
            return false
        }
        continuation.yield(job)
        return true
    }

    /// Runs jobs until `finish` and the last of them is done.
    package func run() async {
        await withDiscardingTaskGroup { group in
            for await job in stream {
                group.addTask { [count] in
                    await job()
                    count.value.subtract(1, ordering: .relaxed)
                }
            }
        }
    }

    package func finish() {
        continuation.finish()
    }
}
