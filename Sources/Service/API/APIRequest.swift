package import Admission
package import Contract
import LocalHTTP
import Time
import Tokens

/// A request that a task answers: everything the task needs, copied from the loop's buffers.
package struct APIRequest: Sendable {
    package let route: Route
    package let parameters: [String: String]
    package let caller: Caller?
    /// The policy that the caller was admitted under: a reload must not give it another client's rights.
    package let policy: AccessPolicy
    package let requestID: String
    package let body: [UInt8]
    /// The authority that the caller used, where an answer names it; `localhost` where it named none.
    let host: String
    let ifNoneMatch: EntityTags
    /// Whether If-Match is there and cannot hold: the tags of tokens are weak (RFC 9110 §13.1.1).
    let failsPrecondition: Bool
    package let wantsText: Bool
    let wantsOpenMetrics: Bool
    let takesGzip: Bool
    package let minValid: Duration?
    /// Nil where the query has no `wait`.
    package let wait: Duration?
    /// The most tokens that an overview lists; nil where the query has no `limit`.
    let limit: Int?
    /// The other parameters of the query.
    package let perRequest: [String: String]

    /// How long a request without `wait` waits for a token.
    static let defaultWait = Duration.seconds(5)
    /// The longest `wait`, in seconds.
    static let maximumWait = 30

    package var token: String { parameters["token"] ?? "" }

    /// - Parameter isVisitors: whether its conditions are those of a proxy's visitor, which are no business of the daemon.
    /// - Throws: `Problem` of kind `invalidParameter`, which names the parameter.
    init(
        route: Route, parameters: [String: String], query: [(name: String, value: String)], isVisitors: Bool = false, head: borrowing RequestHead,
        bytes: Span<UInt8>,
        body: Span<UInt8>, caller: Caller?, policy: AccessPolicy, requestID: String
    ) throws(Problem) {
        self.route = route
        self.parameters = parameters
        self.caller = caller
        self.policy = policy
        self.requestID = requestID
        let authority = route.endpoint == .oauth2Metadata ? head.authority ?? head.value(of: .host) : nil
        host = authority.map { bytes.text($0) }.flatMap { $0.isEmpty || $0.hasPrefix("/") ? nil : $0 } ?? "localhost"
        self.body = body.copied
        let types = AcceptedTypes(.accept, head, bytes)
        wantsText = types.prefersText
        wantsOpenMetrics = route.endpoint == .metrics && types.prefersOpenMetrics
        takesGzip = route.endpoint.mayCompress && AcceptedTypes(.acceptEncoding, head, bytes).takesGzip
        ifNoneMatch = isVisitors ? EntityTags() : EntityTags(.ifNoneMatch, of: head, bytes)
        failsPrecondition = !isVisitors && head.has(.ifMatch) && !EntityTags(.ifMatch, of: head, bytes).namesByStrongComparison
        minValid = try Self.seconds(query, "min_valid", 0...Int(Expiry.range.upperBound.wholeSeconds)).flatMap { $0 > 0 ? .seconds($0) : nil }
        wait = try Self.seconds(query, "wait", 0...Self.maximumWait).map { .seconds($0) }
        limit = route.endpoint == .overview ? try Self.number(query, "limit", 0...100_000, "") : nil
        perRequest = Self.inputs(query)
    }

    /// The form of a rendered answer that serves it, where the token is in hand; nil: it needs more than that.
    var renderedForm: RenderedAnswer.Form? {
        // A condition with wait is a long poll.
        if failsPrecondition || wait != nil && !ifNoneMatch.isEmpty { return nil }
        switch route.endpoint {
        case .token: return wantsText ? .text : .json
        case .tokenHeaders: return .headers
        default: return nil
        }
    }

    /// The parameters of a query that are per-request inputs of a token.
    static func inputs(_ query: [(name: String, value: String)]) -> [String: String] {
        Dictionary(query.filter { $0.name != "min_valid" && $0.name != "wait" }.map { ($0.name, $0.value) }) { first, _ in first }
    }

    private static func seconds(_ query: [(name: String, value: String)], _ name: String, _ range: ClosedRange<Int>) throws(Problem) -> Int? {
        try number(query, name, range, " of seconds")
    }

    /// - Parameter unit: what is counted, after "whole number".
    private static func number(
        _ query: [(name: String, value: String)], _ name: String, _ range: ClosedRange<Int>, _ unit: String
    ) throws(Problem) -> Int? {
        guard let text = query.first(where: { $0.name == name })?.value else { return nil }
        if let number = Int(text), range.contains(number) { return number }
        throw Problem(.invalidParameter, "\(name) must be a whole number\(unit) from \(range.lowerBound) to \(range.upperBound)")
    }
}
