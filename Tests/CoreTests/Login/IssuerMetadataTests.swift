import Configuration
import Login
import OutboundHTTP
import TestSupport
import Testing
import Tokens

/// Endpoints from an issuer's metadata (RFC 8414, OpenID Connect Discovery).
@Suite struct IssuerMetadataTests {
    private static let yaml = """
        tokens:
          a:
            provider: oauth2-client-credentials
            inputs: {issuer: "https://id.example/realms/x", client_id: c, client_secret: {value: s3cret}}
        """

    private struct NoTokens: TokenInputs {
        func token(for name: String) async throws(LoginFailure) -> Token { throw LoginFailure(.waiting, "there is none") }
        func replacement(for name: String, refused: Token) async -> Token? { nil }
    }

    /// The outcome of two logins, and the URLs that were asked; `answers` are the metadata at each well-known place.
    private func login(_ answers: [String: (status: Int, body: String)], yaml: String = yaml) async throws -> (
        failure: LoginFailure?, asked: [String]
    ) {
        let configuration = try TestConfiguration.read(yaml)
        let clocks = FakeClocks()
        let transport = FakeTransport { request, _ throws(TransportFault) in
            if let (status, body) = answers[request.url] { return .make(status, body, clocks: clocks) }
            if request.url.contains(".well-known") { return .make(404, "", clocks: clocks) }
            return .make(200, #"{"access_token":"0123456789","expires_in":60}"#, clocks: clocks)
        }
        let performer = LoginPerformer(
            clocks: clocks, transport: transport, secrets: FakeSecrets(), gate: LoginGate(bounds: LoginBounds(), clocks: clocks), inputs: NoTokens())
        var failure: LoginFailure?
        for _ in 0..<2 {
            let report = await performer.login(configuration.tokens[0], inputs: try await performer.ownInputs(configuration.tokens[0]))
            if case .failure(let found) = report.outcome { failure = found }
        }
        return (failure, transport.requests.map(\.url))
    }

    private static let oauth = "https://id.example/.well-known/oauth-authorization-server/realms/x"
    private static let openID = "https://id.example/realms/x/.well-known/openid-configuration"

    @Test func `the metadata are read once, between host and path or behind it`() async throws {
        let metadata = #"{"issuer":"https://id.example/realms/x","token_endpoint":"https://tokens.example/t/"}"#
        let first = try await login([Self.oauth: (200, metadata)])
        #expect(first.failure == nil && first.asked == [Self.oauth, "https://tokens.example/t/", "https://tokens.example/t/"])
        let second = try await login([Self.openID: (200, metadata)])
        #expect(second.failure == nil && second.asked == [Self.oauth, Self.openID, "https://tokens.example/t/", "https://tokens.example/t/"])
    }

    static let wrong: [(status: Int, body: String, failureClass: FailureClass, reason: String)] = [
        (200, #"{"issuer":"https://evil.example","token_endpoint":"https://evil.example/t"}"#, .badReply, "names another issuer"),
        (200, #"{"issuer":"https://id.example/realms/x"}"#, .badReply, "have no token_endpoint; set token_url"),
        (200, #"{"issuer":"https://id.example/realms/x","token_endpoint":"http://tokens.example/t"}"#, .badReply, "must begin with https://"),
        (
            200, #"{"issuer":"https://id.example/realms/x","token_endpoint":"http://127.0.0.1:1/t"}"#, .badReply,
            "is http://127.0.0.1:1/t, which is not https"
        ),
        (503, "", .transient, "metadata at https://id.example/"), (401, "", .refused, "status"), (302, "", .badReply, "redirect"),
    ]

    @Test(arguments: wrong) func `metadata that could lead a secret elsewhere are refused`(
        status: Int, body: String, failureClass: FailureClass, reason: String
    ) async throws {
        let outcome = try await login([Self.oauth: (status, body), Self.openID: (status, body)])
        #expect(
            outcome.failure?.failureClass == failureClass && outcome.failure?.reason.contains(reason) == true,
            "\(String(describing: outcome.failure))")
        #expect(outcome.asked.allSatisfy { $0.contains(".well-known") })
    }

    @Test func `neither an endpoint nor an issuer is a fault`() {
        #expect(throws: (any Error).self) { try TestConfiguration.read(Self.yaml.replacing(#"issuer: "https://id.example/realms/x", "#, with: "")) }
    }
}
