import JSON
import PartnerSandbox
import Secrets
import TestSupport
import Testing

/// The OAuth2 facade on a live socket: what RFC 6749 promises a stock client.
@Suite struct OAuth2FacadeTests {
    private static let form = "Content-Type: application/x-www-form-urlencoded\r\n"
    private static func basic(_ name: String, _ key: String) -> String {
        "Authorization: Basic \(Base64.encode(Array("\(name):\(key)".utf8), .standard))\r\n"
    }

    @Test func `a client gets the token by Basic or in the body, by path or scope`() async throws {
        try await LiveBroker.with { live in
            let token = try await live.ask("GET", "/v1/tokens/zapper?wait=10").json["access_token"]
            let asked: [(String, String, String)] = [
                ("/oauth2/token", Self.basic("demo", LiveBroker.key), "grant_type=client_credentials&scope=zapper"),
                ("/oauth2/zapper/token", Self.basic("demo", LiveBroker.key), "grant_type=client_credentials"),
                (
                    "/oauth2/zapper/token", "",
                    "grant_type=client_credentials&client_id=demo&client_secret=\(LiveBroker.key)&scope=zapper&audience=x&foo=bar"
                ),
                ("/oauth2/token", Self.basic("demo", LiveBroker.key), "scope=zapper&client_id=demo&grant_type=client_credentials"),
            ]
            for (path, authorization, body) in asked {
                let answer = try await live.ask("POST", path, key: nil, headers: Self.form + authorization, body: body)
                #expect(answer.status == 200 && answer.json["access_token"] == token && answer.json["token_type"] == "Bearer", "\(answer.text)")
                #expect(answer.json["expires_in"]?.integerValue ?? 0 > 0 && answer.json["scope"] == "zapper")
                #expect(answer.field("Cache-Control") == "no-store" && answer.field("Pragma") == "no-cache")
            }
        }
    }

    static let refusals: [(path: String, name: String, key: String, body: String, status: Int, error: String)] = [
        ("/oauth2/token", "demo", "wrong", "grant_type=client_credentials&scope=zapper", 401, "invalid_client"),
        ("/oauth2/token", "other", LiveBroker.key, "grant_type=client_credentials&scope=zapper", 401, "invalid_client"),
        ("/oauth2/token", "demo", LiveBroker.key, "grant_type=client_credentials", 400, "invalid_scope"),
        ("/oauth2/token", "demo", LiveBroker.key, "grant_type=client_credentials&scope=zapper+zetasafe", 400, "invalid_scope"),
        ("/oauth2/token", "demo", LiveBroker.key, "grant_type=client_credentials&scope=nothing", 400, "invalid_scope"),
        ("/oauth2/zapper/token", "demo", LiveBroker.key, "grant_type=client_credentials&scope=zetasafe", 400, "invalid_scope"),
        // zetasafe's token is no Bearer.
        ("/oauth2/zetasafe/token", "demo", LiveBroker.key, "grant_type=client_credentials", 400, "invalid_scope"),
        ("/oauth2/zapper/token", "demo", LiveBroker.key, "grant_type=password&username=a&password=b", 400, "unsupported_grant_type"),
        ("/oauth2/zapper/token", "demo", LiveBroker.key, "scope=zapper", 400, "invalid_request"),
        ("/oauth2/zapper/token", "demo", LiveBroker.key, "grant_type=client_credentials&grant_type=client_credentials", 400, "invalid_request"),
        ("/oauth2/zapper/token", "demo", LiveBroker.key, "grant_type=client_credentials&client_secret=x", 400, "invalid_request"),
        ("/oauth2/zapper/token", "demo", LiveBroker.key, "grant_type=%zz", 400, "invalid_request"),
        ("/oauth2/zapper/token", "demo", LiveBroker.key, "grant_type=client_credentials&wait=99", 400, "invalid_request"),
    ]

    @Test func `a refusal has the form and the code of RFC 6749`() async throws {
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zetasafe?wait=10")
            for (path, name, key, body, status, error) in Self.refusals {
                let answer = try await live.ask("POST", path, key: nil, headers: Self.form + Self.basic(name, key), body: body)
                #expect(answer.status == status && answer.json["error"] == .string(error), "\(path) \(body): \(answer.text)")
                #expect(answer.field("Content-Type") == "application/json" && answer.json["error_description"]?.text?.isEmpty == false)
                #expect((answer.field("WWW-Authenticate") == "Basic realm=\"tokenbroker\"") == (status == 401))
            }
            let plain = try await live.ask(
                "POST", "/oauth2/zapper/token", key: nil, headers: Self.basic("demo", LiveBroker.key), body: "grant_type=client_credentials")
            #expect(plain.status == 400 && plain.json["error"] == "invalid_request")
            let browser = try await live.ask(
                "POST", "/oauth2/zapper/token", key: nil, headers: Self.form + "Origin: http://localhost\r\n" + Self.basic("demo", LiveBroker.key),
                body: "grant_type=client_credentials")
            #expect(browser.status == 403 && browser.json["access_token"] == nil)
            let forwarded = try await live.ask(
                "POST", "/oauth2/zapper/token", key: nil, headers: Self.form + "X-Forwarded-For: 1.2.3.4\r\n" + Self.basic("demo", LiveBroker.key),
                body: "grant_type=client_credentials")
            #expect(forwarded.status == 400)
            #expect(try await live.ask("GET", "/oauth2/token").status == 405)
        }
    }

    @Test func `no token now is temporarily unavailable, and a latched one a server error`() async throws {
        try await LiveBroker.with(before: { $0.arm(Fault(.error), for: "zapper-service") }) { live in
            let answer = try await live.ask(
                "POST", "/oauth2/zapper/token", key: nil, headers: Self.form + Self.basic("demo", LiveBroker.key),
                body: "grant_type=client_credentials&wait=0")
            #expect(answer.status == 503 && answer.json["error"] == "temporarily_unavailable" && answer.field("Retry-After") != nil, "\(answer.text)")
        }
    }

    @Test func `the metadata name the endpoint by the address that was asked`() async throws {
        try await LiveBroker.with { live in
            let metadata = try await live.ask("GET", "/.well-known/oauth-authorization-server", key: nil).json
            #expect(metadata["issuer"] == "http://localhost" && metadata["token_endpoint"] == "http://localhost/oauth2/token")
        }
    }
}
