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

/// A person's login, which brings the first refresh token.
@Suite struct PersonGrantTests {
    private let clocks = HastyClocks()

    /// Clocks on which nobody waits.
    private final class HastyClocks: Clocks {
        private let now = Mutex(BootInstant(nanoseconds: 1_000_000_000_000))
        var boot: BootInstant { now.withLock { $0 } }
        var wall: WallTime { WallTime(nanoseconds: 1_800_000_000_000_000_000 + boot.nanoseconds) }
        func sleep(until instant: BootInstant) async throws { now.withLock { $0 = max($0, instant) } }
        func wallClockSet(from offset: Duration) async throws {}
    }

    private static let yaml = """
        tokens:
          p:
            provider: oauth2-refresh-token
            inputs:
              token_url: https://id.example/token
              device_authorization_url: https://id.example/device
              authorization_url: https://id.example/authorize
              client_id: "the app"
              client_secret: {value: shh}
              scope: offline_access
        """

    /// - Parameter answers: the status and the body of each answer; the last one is given again.
    private func grant(_ answers: [(Int, String)], asked: @escaping @Sendable () -> Void = {}) async throws -> (
        grant: PersonGrant, transport: FakeTransport
    ) {
        let configuration = try TestConfiguration.read(Self.yaml)
        let token = try #require(configuration.token("p"))
        let clocks = clocks
        let transport = FakeTransport { _, number throws(TransportFault) in
            asked()
            let (status, body) = answers[min(number, answers.count) - 1]
            guard status > 0 else { throw TransportFault(.timedOut, "no answer within 30 s") }
            return PartnerReply(
                status: status, fields: [:], body: Array(body.utf8), sentAt: clocks.boot, sentAtWall: clocks.wall, receivedAtWall: clocks.wall)
        }
        let performer = LoginPerformer(
            clocks: clocks, transport: transport, secrets: FakeSecrets(), gate: LoginGate(bounds: configuration.logins, clocks: clocks),
            inputs: NoInputs())
        return (try await PersonGrant(performer, token), transport)
    }

    private struct NoInputs: TokenInputs {
        func token(for name: String) async throws(LoginFailure) -> Token { throw LoginFailure(.local, "there is no token \(name)") }
        func replacement(for name: String, refused: Token) async -> Token? { nil }
    }

    private static let device = #"{"device_code":"d","user_code":"ABCD","verification_uri":"https://id.example/go","interval":5,"expires_in":60}"#

    /// What a device's login ends with, and the seconds before each question.
    private func poll(_ answers: [(Int, String)]) async throws -> (result: Result<String, LoginFailure>, pauses: [Int64]) {
        let times = Mutex<[BootInstant]>([])
        let (grant, _) = try await grant([(200, Self.device)] + answers) { [clocks] in times.withLock { $0.append(clocks.boot) } }
        let code = try await grant.deviceCode()
        var result: Result<String, LoginFailure>
        do throws(LoginFailure) { result = .success(try await grant.refreshToken(code).exposedText) } catch { result = .failure(error) }
        let moments = times.withLock { $0 }
        return (result, zip(moments.dropFirst(), moments).map { ($0 - $1).wholeSeconds })
    }

    @Test func `a device is asked about until the person has logged in, less often where the server says so`() async throws {
        let (result, pauses) = try await poll([
            (400, #"{"error":"authorization_pending"}"#), (400, #"{"error":"slow_down"}"#), (0, ""),
            (200, #"{"access_token":"a","refresh_token":"r"}"#),
        ])
        #expect(try result.get() == "r")
        #expect(pauses == [5, 5, 10, 20])
    }

    @Test(arguments: [
        ([(400, #"{"error":"access_denied"}"#)], "access_denied"), ([(400, #"{"error":"authorization_pending"}"#)], "nobody logged in"),
        ([(200, #"{"access_token":"a"}"#)], "offline_access"),
    ])
    func `a login that is refused, forgotten or without a refresh token says so`(answers: [(Int, String)], words: String) async throws {
        let (result, _) = try await poll(answers)
        let failure = #expect(throws: LoginFailure.self) { try result.get() }
        let text = "\(failure?.reason ?? "") \(failure?.partnerMessage ?? "")"
        #expect(text.contains(words), "\(text)")
    }

    @Test func `a browser is sent with PKCE, and its code is exchanged with the verifier`() async throws {
        let (grant, transport) = try await grant([(200, #"{"access_token":"a","refresh_token":"r"}"#)])
        #expect(grant.hasBrowser && grant.hasDevice)
        // The verifier and the challenge of RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let url = try grant.authorizationURL(redirect: "http://127.0.0.1:1/callback", state: "s t", verifier: verifier)
        #expect(
            url == "https://id.example/authorize?response_type=code&client_id=the%20app&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback"
                + "&scope=offline_access&state=s%20t&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256")
        #expect(try await grant.refreshToken(code: "c d", redirect: "http://127.0.0.1:1/callback", verifier: verifier).exposedText == "r")
        let request = try #require(transport.requests.first)
        #expect(request.url == "https://id.example/token" && request.fields[.authorization] == "Basic dGhlJTIwYXBwOnNoaA==")
        #expect(
            String(decoding: request.body ?? [], as: UTF8.self)
                == "grant_type=authorization_code&code=c+d&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&code_verifier=\(verifier)&client_id=the+app"
        )
    }

    @Test func `an answer without the device's members is a bad reply, and a provider without persons has no such login`() async throws {
        let (grant, _) = try await grant([(200, "{}")])
        let failure = await #expect(throws: LoginFailure.self) { try await grant.deviceCode() }
        #expect(failure?.failureClass == .badReply)
    }
}
