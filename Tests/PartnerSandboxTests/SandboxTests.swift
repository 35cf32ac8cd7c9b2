import HTTPTypes
import JSON
import OutboundHTTP
import PartnerSandbox
import TestSupport
import Testing
import Time

/// The sandbox against the built-in definitions: what one side sends, the other demands.
@Suite struct SandboxTests {
    private static let transport = CurlTransport(clocks: SystemClocks(), userAgent: "test")

    private func send(_ server: SandboxServer, _ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:], _ body: String? = nil)
        async throws -> PartnerReply
    {
        let body = body.map { Array($0.utf8) } ?? (method == .post ? [] : nil)
        return try await Self.transport.send(OutboundRequest(method: method, url: server.url + path, fields: fields, body: body))
    }

    private func json(_ server: SandboxServer, _ path: String, _ body: String, _ extra: [(String, String)] = []) async throws -> PartnerReply {
        var fields: HTTPFields = [.contentType: "application/json"]
        for (name, value) in extra { if let name = HTTPField.Name(name) { fields[name] = value } }
        return try await send(server, .post, path, fields, body)
    }

    @Test func `a partner is strict about what it is sent`() async throws {
        let server = try SandboxServer()
        #expect(try await send(server, .get, "/zipteams/api/v1/partner/dashboard/auth/token").status == 403)
        #expect(
            try await json(server, "/zapper/v1/auth/service/login", "{\"apiToken\":\"sandbox-api-token\",\"organisationId\":\"o\"}").status == 401)
        #expect(try await json(server, "/zapper/v1/auth/service/login", "{}", [("x-api-key", "sandbox-api-key")]).status == 400)
        #expect(try await send(server, .post, "/pulsecrm/auth/login", [.contentType: "text/plain"], "{}").status == 400)
        #expect(try await json(server, "/sparrowsms/v1/autho/apitoken/login", "{}").status == 301)
        #expect(
            try await json(server, "/zetasafe/ext/userclientauthtoken/get", "{\"username\":\"sandbox-user\",\"password\":\"sandbox-password\"}")
                .status == 400)
        #expect(
            try await json(
                server, "/zetasafe/dev/ext/userclientauthtoken/get?adminClientId=1",
                "{\"username\":\"sandbox-user\",\"password\":\"sandbox-password\"}"
            ).status == 200)
        #expect(try await send(server, .get, "/nobody/x").status == 404)
    }

    @Test func `a plain OAuth2 endpoint takes Basic and body credentials`() async throws {
        let server = try SandboxServer()
        let form = "grant_type=client_credentials&client_id=sandbox-client&client_secret=sandbox-client-secret"
        let good = try await send(server, .post, "/oauth2/token", [.contentType: "application/x-www-form-urlencoded"], form)
        #expect(JSONValue(parsing: good.body)?["expires_in"] == 3600)
        let wrong = try await send(
            server, .post, "/oauth2/token", [.contentType: "application/x-www-form-urlencoded"], "grant_type=client_credentials&client_id=x")
        #expect(wrong.status == 401)
        #expect(JSONValue(parsing: wrong.body)?["error"] == "invalid_client")
    }

    @Test func `faults are armed over the control path, for so many requests`() async throws {
        let server = try SandboxServer()
        let login = ("/pulsecrm/auth/login", "{\"apiKey\":\"sandbox-api-key\",\"apiSecret\":\"sandbox-api-secret\"}")
        #expect(try await json(server, "/_sandbox/faults/pulsecrm", "{\"kind\":\"throttle\",\"retry_after\":7,\"times\":2}").status == 200)
        for _ in 0..<2 { #expect(try await json(server, login.0, login.1).fields[try #require(HTTPField.Name("Retry-After"))] == "7") }
        let first = JSONValue(parsing: try await json(server, login.0, login.1).body)?["token"]
        server.arm(Fault(.sameToken, times: 1), for: "pulsecrm")
        #expect(JSONValue(parsing: try await json(server, login.0, login.1).body)?["token"] == first)
        #expect(JSONValue(parsing: try await json(server, login.0, login.1).body)?["token"] != first)
        server.arm(Fault(.skewedDate, offset: 3600, times: 1), for: "pulsecrm")
        let skewed = try await json(server, login.0, login.1)
        let date = try #require(skewed.fields[.date].flatMap(CalendarTime.parseIMFFixdate))
        #expect((3000...3610).contains((date - skewed.receivedAtWall).inSeconds))
        server.arm(Fault(.cut, times: 1), for: "pulsecrm")
        await #expect(throws: TransportFault.self) { try await json(server, login.0, login.1) }
        #expect(try await json(server, "/_sandbox/faults/nobody", "{\"kind\":\"error\"}").status == 404)
        #expect(try await json(server, "/_sandbox/faults/pulsecrm", "{\"kind\":\"flood\"}").status == 400)
        let counts = JSONValue(parsing: try await send(server, .get, "/_sandbox/counts").body)
        #expect(counts?["pulsecrm"]?["requests"] == 7)
    }

    @Test func `a token can be asked after`() async throws {
        let server = try SandboxServer(lifetimes: ["pulsecrm": 86_400])
        let login = try await json(server, "/pulsecrm/auth/login", "{\"apiKey\":\"sandbox-api-key\",\"apiSecret\":\"sandbox-api-secret\"}")
        let token = try #require(JSONValue(parsing: login.body)?["token"]?.text)
        #expect(server.isValid(token))
        server.revoke("pulsecrm")
        #expect(!server.isValid(token))
        let answer = JSONValue(parsing: try await send(server, .get, "/_sandbox/tokens?token=\(token)").body)
        #expect(answer?["valid"] == false)
        #expect(answer?["partner"] == "pulsecrm")
    }
}
