import Configuration
import HTTPTypes
import Login
import OutboundHTTP
import Secrets
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

/// One login with fakes: alternatives of secrets, refresh tokens, blamed token inputs.
@Suite struct LoginPerformerTests {
    private let clocks = FakeClocks()

    private static let yaml = """
        providers:
          - provider: p
            inputs: {secret: {secret: true}, service: {token: true}}
            login:
              - {method: POST, url: "https://partner.example/login", headers: {x-service: "{service}"}, form: {secret: "{secret}"}}
            token: {from: {json: /access_token}, refresh_token: {json: /refresh_token}, expires: [{after: 15m}]}
            refresh_request: {method: POST, url: "https://partner.example/refresh", form: {refresh_token: "{refresh_token}"}}
        tokens:
          s: {provider: pulsecrm, expires: [{after: 15m}], inputs: {base_url: "https://s.example", api_key: {value: k}, api_secret: {value: s}}}
          a: {provider: p, inputs: {secret: [{value: new}, {value: old}], service: {token: s}}}
        """

    private final class Inputs: TokenInputs {
        private let held: Mutex<Token>
        let replacements = Mutex(0)

        init(_ token: Token) { held = Mutex(token) }

        func token(for name: String) async throws(LoginFailure) -> Token { held.withLock { $0 } }

        func replacement(for name: String, refused: Token) async -> Token? {
            replacements.withLock { $0 += 1 }
            return held.withLock { held in
                held.value = Secret("service-2")
                return held
            }
        }
    }

    /// The report of one login of `a`, what was sent, and how often another input token was asked for.
    private func login(
        inputAge: Duration = .zero, inputLife: Duration = .seconds(900), last: [UInt8]? = nil, refreshTokens: [String] = [],
        circumstances: LoginPerformer.Circumstances = .init(), retryAfter: String? = nil,
        answer: @escaping @Sendable (String, String) -> (Int, String)
    ) async throws -> (report: LoginReport, sent: [String], replacements: Int) {
        let configuration = try TestConfiguration.read(Self.yaml)
        let token = try #require(configuration.token("a"))
        let clocks = clocks
        let transport = FakeTransport { request, _ throws(TransportFault) in
            let body = String(decoding: request.body ?? [], as: UTF8.self)
            let (status, text) = answer(body, HTTPField.Name("x-service").flatMap { request.fields[$0] } ?? "")
            return .make(status, text, fields: retryAfter.map { [("Retry-After", $0)] } ?? [], clocks: clocks)
        }
        let draft = TokenDraft(
            value: Secret("service-1"), expiry: Expiry(origin: .configured, lifetime: inputLife), sentAt: clocks.boot - inputAge,
            sentAtWall: clocks.wall)
        let inputs = Inputs(Token(draft, fingerprint: "f"))
        let performer = LoginPerformer(
            clocks: clocks, transport: transport, secrets: FakeSecrets(), gate: LoginGate(bounds: LoginBounds(), clocks: clocks), inputs: inputs)
        let own = try await performer.ownInputs(token)
        let report = await performer.login(
            token, inputs: own, last: last ?? own.digests[0], refreshTokens: refreshTokens.map { Secret($0) }, circumstances: circumstances)
        return (report, transport.requests.map { String(decoding: $0.body ?? [], as: UTF8.self) }, inputs.replacements.withLock { $0 })
    }

    private static func token(_ report: LoginReport) -> String? { try? report.outcome.get().value.exposedText }

    @Test func `the next alternative is tried on a rejection alone`() async throws {
        let rejected = try await login { body, _ in body == "secret=old" ? (200, #"{"access_token":"t"}"#) : (401, "") }
        #expect(rejected.sent == ["secret=new", "secret=old"] && Self.token(rejected.report) == "t")
        let down = try await login { _, _ in (503, "") }
        #expect(down.sent == ["secret=new"] && Self.token(down.report) == nil)
    }

    @Test func `a refresh token goes first, and its successor is held beside it`() async throws {
        let refreshed = try await login(refreshTokens: ["r1"]) { body, _ in
            body == "refresh_token=r1" ? (200, #"{"access_token":"t","refresh_token":"r2"}"#) : (500, "")
        }
        #expect(refreshed.sent == ["refresh_token=r1"] && refreshed.report.refreshTokens.map(\.exposedText) == ["r2", "r1"])
        let kept = try await login(refreshTokens: ["r1"]) { _, _ in (200, #"{"access_token":"t"}"#) }
        #expect(kept.report.refreshTokens.map(\.exposedText) == ["r1"])
    }

    @Test func `a refresh token that is rejected is dropped, the one before it tried, then the login`() async throws {
        let logged = try await login(refreshTokens: ["r2", "r1"]) { body, _ in
            body.hasPrefix("refresh_token") ? (400, #"{"error":"invalid_grant"}"#) : (200, #"{"access_token":"t","refresh_token":"r3"}"#)
        }
        #expect(logged.sent == ["refresh_token=r2", "refresh_token=r1", "secret=new"])
        #expect(logged.report.refreshTokens.map(\.exposedText) == ["r3"])
    }

    @Test func `a refresh token that an answer brought is used after the input was replaced`() async throws {
        let logged = try await login(inputAge: .seconds(600), refreshTokens: ["r1"]) { body, service in
            switch body {
            case "refresh_token=r1": (200, #"{"access_token":"not a token","refresh_token":"r2"}"#)
            case "refresh_token=r2": (200, #"{"access_token":"t","refresh_token":"r3"}"#)
            default: service == "service-1" ? (401, "") : (500, "")
            }
        }
        #expect(logged.sent.prefix(2) == ["refresh_token=r1", "secret=new"] && logged.sent.last == "refresh_token=r2", "\(logged.sent)")
        #expect(logged.replacements >= 1 && logged.report.refreshTokens.map(\.exposedText) == ["r3", "r2"])
    }

    @Test func `a refresh that fails for a passing reason keeps everything, and makes no login`() async throws {
        let failed = try await login(refreshTokens: ["r1"]) { _, _ in (503, "") }
        #expect(failed.sent == ["refresh_token=r1"] && failed.report.refreshTokens.map(\.exposedText) == ["r1"])
    }

    @Test func `an older refresh token is tried only after a rejection`() async throws {
        let logged = try await login(refreshTokens: ["r2", "r1"]) { body, _ in
            body.hasPrefix("refresh_token") ? (200, "<html></html>") : (200, #"{"access_token":"t"}"#)
        }
        #expect(logged.sent == ["refresh_token=r2", "secret=new"] && logged.report.refreshTokens.map(\.exposedText) == ["r2", "r1"])
    }

    @Test(arguments: [
        #"{"error":"invalid_client"}"#, #"{"access_token":"","error":"invalid_client"}"#, #"{"access_token":null,"error":"invalid_client"}"#,
    ])
    func `an error in place of the token is a rejection`(body: String) async throws {
        let failed = try await login { _, _ in (200, body) }
        guard case .failure(let failure) = failed.report.outcome else {
            Issue.record("a token")
            return
        }
        #expect(failure.failureClass == .rejected)
    }

    @Test func `a refresh token may hold what an access token may not`() async throws {
        let logged = try await login { _, _ in (200, #"{"access_token":"t","refresh_token":"a b,c;d"}"#) }
        #expect(logged.report.refreshTokens.map(\.exposedText) == ["a b,c;d"])
    }

    @Test func `a lasting failure of the refresh is followed by the login once no token lives, but never within a pause`() async throws {
        let desperate = LoginPerformer.Circumstances(isDesperate: true)
        let logged = try await login(refreshTokens: ["r1"], circumstances: desperate) { body, _ in
            body.hasPrefix("refresh_token") ? (500, "") : (200, #"{"access_token":"t"}"#)
        }
        #expect(logged.sent == ["refresh_token=r1", "secret=new"] && Self.token(logged.report) == "t")
        #expect(logged.report.refreshTokens.map(\.exposedText) == ["r1"])
        let paused = try await login(refreshTokens: ["r1"], circumstances: desperate) { _, _ in (429, "") }
        #expect(paused.sent == ["refresh_token=r1"])
        let overloaded = try await login(refreshTokens: ["r1"], circumstances: desperate, retryAfter: "1") { _, _ in (503, "") }
        #expect(overloaded.sent == ["refresh_token=r1"])
        // After the pause the login has its turn: a refresh that always asks for one must not keep it away.
        #expect(overloaded.report.prefersLogin && paused.report.prefersLogin == false)
        let turned = try await login(
            refreshTokens: ["r1"], circumstances: LoginPerformer.Circumstances(isDesperate: true, prefersLogin: true), retryAfter: "1"
        ) { body, _ in body.hasPrefix("refresh_token") ? (503, "") : (200, #"{"access_token":"t"}"#) }
        #expect(turned.sent == ["secret=new"] && Self.token(turned.report) == "t")
        let none = try await login(refreshTokens: ["r1"], circumstances: desperate, retryAfter: "0") { body, _ in
            body.hasPrefix("refresh_token") ? (503, "") : (200, #"{"access_token":"t"}"#)
        }
        #expect(none.sent == ["refresh_token=r1", "secret=new"])
    }

    @Test(
        arguments: [
            (200, #"{"error":"bad_refresh_token"}"#, true), (200, "<html>log in to the network</html>", true), (302, "", true), (400, "", true),
            (200, #"{"error":"invalid_grant"}"#, false), (400, #"{"error":"invalid_grant"}"#, false), (401, "", true),
        ] as [(Int, String, Bool)])
    func `a refresh token that does not work is left behind, and dropped only if it was rejected`(status: Int, body: String, isKept: Bool)
        async throws
    {
        let logged = try await login(refreshTokens: ["r1"]) { sent, _ in
            sent.hasPrefix("refresh_token") ? (status, body) : (200, #"{"access_token":"t"}"#)
        }
        #expect(logged.sent == ["refresh_token=r1", "secret=new"] && Self.token(logged.report) == "t")
        #expect(logged.report.refreshTokens.map(\.exposedText) == (isKept ? ["r1"] : []))
    }

    @Test(arguments: [(30, 900, false), (61, 900, true), (5, 20, true), (1, 20, false)])
    func `a token input is blamed for a rejection once, when it is a tenth of its life or over a minute old`(age: Int, life: Int, isBlamed: Bool)
        async throws
    {
        let outcome = try await login(inputAge: .seconds(age), inputLife: .seconds(life)) { _, service in
            service == "service-2" ? (200, #"{"access_token":"t"}"#) : (401, "")
        }
        #expect((Self.token(outcome.report) == "t") == isBlamed)
        // Each alternative of the secrets has its own try.
        #expect(outcome.replacements == (isBlamed ? 1 : 0))
    }

    @Test(
        arguments: [
            (401, "", true), (400, #"{"error":"invalid_request"}"#, true), (400, #"{"error":"invalid_grant"}"#, true), (400, "", false),
            (503, "", false),
        ] as [(Int, String, Bool)])
    func `what blames an input token is a rejection or invalid_request`(status: Int, body: String, isBlamed: Bool) async throws {
        let outcome = try await login(inputAge: .seconds(90)) { _, service in
            service == "service-2" ? (200, #"{"access_token":"t"}"#) : (status, body)
        }
        #expect((Self.token(outcome.report) == "t") == isBlamed)
    }

    @Test(
        arguments: [
            (200, #"{"active":true}"#, .accepted), (200, #"{"active":false}"#, .refused), (401, "", .refused),
            (400, #"{"error":"invalid_grant"}"#, .refused),
            (503, "", .undecided("status 503")), (403, "", .undecided("status 403")), (404, "", .undecided("status 404")),
        ] as [(Int, String, LoginPerformer.Verdict)])
    func `a verification is read by the definition's own tests`(status: Int, body: String, verdict: LoginPerformer.Verdict) async throws {
        let yaml = """
            providers:
              - provider: q
                inputs: {secret: {secret: true}}
                login: [{method: POST, url: "https://q.example/login", form: {secret: "{secret}"}}]
                token: {from: {json: /access_token}, expires: [{after: 15m}]}
                errors: {rejected: [{json: /active, equals: false}]}
                verify: {method: GET, url: "https://q.example/me", headers: {authorization: "Bearer {token}"}}
            tokens:
              q: {provider: q, inputs: {secret: {value: s}}}
            """
        let token = try #require(try TestConfiguration.read(yaml).token("q"))
        let clocks = clocks
        let transport = FakeTransport { _, _ throws(TransportFault) in .make(status, body, clocks: clocks) }
        let draft = TokenDraft(value: Secret("t"), expiry: Expiry(origin: .never), sentAt: clocks.boot, sentAtWall: clocks.wall)
        let performer = LoginPerformer(
            clocks: clocks, transport: transport, secrets: FakeSecrets(), gate: LoginGate(bounds: LoginBounds(), clocks: clocks),
            inputs: Inputs(Token(draft, fingerprint: "f")))
        #expect(await performer.verify(SessionValues(token: Secret("t")), of: token, perRequest: [:]) == verdict)
        #expect(transport.requests.first?.fields[.authorization] == "Bearer t")
    }
}
