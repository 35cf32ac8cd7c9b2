/// Gets partner tokens from the tokenbroker daemon on this host.
///
/// Ask for a token at each use: the daemon answers from memory, and always has the current one.
///
///     let broker = try TokenBrokerClient()
///     let token = try await broker.token("zapper")
///     for (name, value) in token.headers { request.setValue(value, forHTTPHeaderField: name) }
///
/// `withToken` does the same, and asks for another token once if the partner answers 401.
public struct TokenBrokerClient: Sendable {
    private let connection: BrokerConnection
    private let keyFile: String?

    /// A client by the environment: `TOKENBROKER_URL` is `http://127.0.0.1:8653` or `unix:/path`, by default the daemon's usual unix socket
    /// where this user may connect to it, else its usual TCP address; `TOKENBROKER_KEY_FILE` is the file with the client's key, by default none.
    ///
    /// - Throws: `TokenBrokerError.configuration` for an address that is neither.
    public init() throws(TokenBrokerError) {
        try self.init(url: SystemEnvironment["TOKENBROKER_URL"] ?? BrokerConnection.usualAddress, keyFile: SystemEnvironment["TOKENBROKER_KEY_FILE"])
    }

    /// - Parameters:
    ///   - url: `http://` and a loopback address with a port, or `unix:/path`.
    ///   - keyFile: read at each use, so that a new key counts at once; nil: the kernel says who asks.
    /// - Throws: `TokenBrokerError.configuration`.
    public init(url: String, keyFile: String? = nil) throws(TokenBrokerError) {
        connection = try BrokerConnection(url)
        self.keyFile = keyFile
    }

    /// The current token.
    ///
    /// - Parameters:
    ///   - name: as configured.
    ///   - inputs: values of its per-request inputs.
    ///   - minValid: the least remaining life; nil: any.
    ///   - other: a token that the partner refused: the answer is another one, if one comes within `wait`.
    ///   - wait: how long to wait for it, at most 30 s; nil: 5 s.
    /// - Throws: `TokenBrokerError`.
    public func token(
        _ name: String, inputs: [String: String] = [:], minValid: Duration? = nil, otherThan other: BrokerToken? = nil, wait: Duration? = nil
    ) async throws(TokenBrokerError) -> BrokerToken {
        var query = inputs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        if let minValid { query.append(("min_valid", String(minValid.components.seconds))) }
        if let wait { query.append(("wait", String(wait.components.seconds))) }
        let fields = other.map { [("If-None-Match", "W/\"\($0.fingerprint)\"")] } ?? []
        let answer = try await ask("GET", ["v1", "tokens", name], query, fields)
        if answer.status == 304, let other { return other }
        return try BrokerToken(answer.body)
    }

    /// Reports that the partner refused a token, with the partner's status.
    ///
    /// - Returns: whether another token comes, or is there already.
    /// - Throws: `TokenBrokerError`.
    @discardableResult
    public func reportRejection(of token: BrokerToken, named name: String, inputs: [String: String] = [:], status: Int = 401)
        async throws(TokenBrokerError) -> Bool
    {
        let body = Array(#"{"fingerprint":"\#(token.fingerprint)","status":\#(status)}"#.utf8)
        let query = inputs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let answer = try await ask("POST", ["v1", "tokens", name, "rejections"], query, [("Content-Type", "application/json")], body)
        return try BrokerToken.action(answer.body) != "ignored"
    }

    /// Calls a partner with the current token. If the partner answers 401, the rejection is reported, and the call made once more with the next
    /// token, if one comes within 10 s.
    ///
    /// - Parameters:
    ///   - status: the partner's status in a result.
    ///   - call: makes the request; it must be safe to make twice.
    /// - Throws: `TokenBrokerError`, and what `call` throws.
    public func withToken<Result: Sendable>(
        _ name: String, inputs: [String: String] = [:], status: @Sendable (Result) -> Int, call: @Sendable (BrokerToken) async throws -> Result
    ) async throws -> Result {
        let first = try await token(name, inputs: inputs)
        let result = try await call(first)
        guard status(result) == 401, try await reportRejection(of: first, named: name, inputs: inputs) else { return result }
        let second = try await token(name, inputs: inputs, otherThan: first, wait: .seconds(10))
        return second.fingerprint == first.fingerprint ? result : try await call(second)
    }

    private func ask(
        _ method: String, _ path: [String], _ query: [(String, String)], _ fields: [(String, String)], _ body: [UInt8]? = nil
    ) async throws(TokenBrokerError) -> BrokerAnswer {
        let pairs = query.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }.joined(separator: "&")
        let target = path.map { "/\(Self.encoded($0))" }.joined() + (pairs.isEmpty ? "" : "?\(pairs)")
        let answer = try await connection.send(BrokerRequest(method: method, target: target, fields: fields, body: body), keyFile: keyFile)
        if answer.status < 400 { return answer }
        throw TokenBrokerError(answer)
    }

    /// Percent-encoding of everything but unreserved characters (RFC 3986 §2).
    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
