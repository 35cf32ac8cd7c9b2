import Admission
import Configuration
import Contract
import JSON
import LocalHTTP
import OutboundHTTP
import TestSupport
import Testing
import Time

/// Who gets in, on a live socket.
@Suite struct AdmissionTests {
    /// Target, header lines, status, slug.
    static let matrix: [(method: String, target: String, headers: String, status: Int, slug: String?)] = [
        ("GET", "/v1/tokens/zapper", "X-Forwarded-Host: localhost\r\n", 400, "forwarded-request"),
        ("GET", "/v1/tokens/zapper/headers", "X-Forwarded-For: 127.0.0.1\r\n", 400, "forwarded-request"),
        ("HEAD", "/v1/tokens/zapper", "", 200, nil),
        ("PUT", "/v1/tokens/zapper", "", 405, "method-not-allowed"),
        ("get", "/v1/tokens/zapper", "", 501, "method-not-implemented"),
        ("BREW", "/v1/tokens/zapper", "", 501, "method-not-implemented"),
        ("PATCH", "/v1/tokens/zapper", "", 405, "method-not-allowed"),
        ("GET", "/v1/tokens/zapper", "If-Match: *\r\n", 200, nil),
        ("GET", "/v1/tokens/zapper", "If-Match: \"000000000000\", W/\"x,y\"\r\n", 412, "precondition-failed"),
        // What Node's fetch sends, and a cookie jar: neither proves a browser.
        ("GET", "/v1/tokens/zapper", "Accept: */*\r\nAccept-Language: *\r\nSec-Fetch-Mode: cors\r\nUser-Agent: node\r\n", 200, nil),
        ("TRACE", "/v1/tokens/zapper", "", 405, "method-not-allowed"),
        ("GET", "/metrics", "", 200, nil),
        ("GET", "/metrics", "Sec-Fetch-Site: cross-site\r\n", 403, "browser-request"),
        ("GET", "/v1/tokens/zapper", "", 200, nil),
        ("GET", "/v1/tokens/zapper", "X-Forwarded-For: 10.0.0.1\r\n", 400, "forwarded-request"),
        ("GET", "/livez", "X-Forwarded-Proto: https\r\n", 400, "forwarded-request"),
        ("GET", "/v1/tokens/zapper", "Forwarded: for=10.0.0.1\r\n", 400, "forwarded-request"),
        ("GET", "/v1/tokens/zapper", "Via: 1.1 proxy\r\n", 400, "forwarded-request"),
        ("GET", "/v1/tokens/zapper", "X-Real-IP: 10.0.0.1\r\n", 400, "forwarded-request"),
        ("GET", "/v1/tokens/zapper", "Origin: http://localhost\r\n", 403, "browser-request"),
        ("GET", "/v1/tokens/zapper", "Referer: http://localhost/\r\n", 403, "browser-request"),
        ("GET", "/v1/tokens/zapper", "Sec-Fetch-Site: none\r\n", 403, "browser-request"),
        ("GET", "/v1/tokens/zapper", "Cookie: a=b\r\n", 200, nil),
        ("GET", "/v1/tokens/zapper/headers", "Cookie: a=b\r\n", 200, nil),
        ("GET", "/v1/tokens", "Cookie: a=b\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://localhost\r\n", 200, nil),
        ("GET", "/v1/tokens", "Sec-Fetch-Site: cross-site\r\n", 403, "browser-request"),
        ("GET", "/v1/tokens", "Origin: http://evil.example\r\n", 403, "browser-request"),
        ("GET", "/v1/tokens", "Referer: http://localhost.evil.example/\r\n", 403, "browser-request"),
        ("GET", "/v1/tokens", "Sec-Fetch-Site: bogus\r\n", 403, "browser-request"),
        ("GET", "http://127.0.0.1/v1/tokens", "Origin: http://127.0.0.1\r\n", 200, nil),
        ("GET", "http://127.0.0.1/v1/tokens", "Origin: http://localhost\r\n", 403, "browser-request"),
        ("GET", "http://127.0.0.1/livez", "", 200, nil),
        ("GET", "http://evil.example/livez", "", 421, "wrong-host"),
        ("GET", "/nowhere", "", 404, "not-found"),
        ("GET", "/none", "", 404, "not-found"),
        ("POST", "/v1/tokens/zapper", "", 405, "method-not-allowed"),
        ("DELETE", "/v1/tokens/zapper", "", 405, "method-not-allowed"),
        ("OPTIONS", "/v1/tokens/zapper", "", 405, "method-not-allowed"),
        ("OPTIONS", "*", "", 405, "method-not-allowed"),
        ("GET", "/v1/tokens/zapper?wait=31", "", 400, "invalid-parameter"),
        ("GET", "/v1/tokens/zapper?wait=x", "", 400, "invalid-parameter"),
        ("GET", "/v1/tokens/zapper?min_valid=-1", "", 400, "invalid-parameter"),
        ("GET", "/v1/tokens/zapper?unknown=1", "", 400, "invalid-parameter"),
        ("GET", "/v1/tokens/zapper?wait=1&wait=2", "", 400, "invalid-parameter"),
        ("GET", "/v1/tokens/%zz", "", 400, "invalid-parameter"),
        ("GET", "/v1/tokens/z%61pper", "", 200, nil),
        ("GET", "/v1/tokens/unknown", "", 403, "forbidden"),
        ("GET", "/problems/forbidden", "", 200, nil),
        ("GET", "/problems/none", "", 404, "not-found"),
        ("GET", "/readyz/zapper", "", 200, nil),
        ("POST", "/v1/reload", "", 409, "reload-refused"),
    ]

    @Test func `the matrix of hosts, browsers, proxies, methods and parameters`() async throws {
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zapper")
            for row in Self.matrix {
                let answer = try await live.ask(row.method, row.target, headers: row.headers)
                #expect(
                    answer.status == row.status && answer.slug == row.slug,
                    "\(row.method) \(row.target) \(row.headers)→ \(answer.status) \(answer.text)")
                #expect(answer.field("X-Content-Type-Options") == "nosniff")
                #expect(answer.field("Access-Control-Allow-Origin") == nil)
                if answer.status == 405 { #expect(answer.field("Allow") != nil) }
            }
        }
    }

    /// Target, header lines, body, status, slug of a POST, or a GET where the target has no POST.
    static let bodies: [(method: String, target: String, headers: String, body: String, status: Int, slug: String?)] = [
        ("GET", "/v1/tokens/zapper", "Content-Length: 3\r\n", "abc", 200, nil),
        ("GET", "/v1/tokens/zapper", "Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n", 200, nil),
        ("POST", "/v1/tokens/zapper/rejections", "Content-Length: 0\r\n", "", 400, "invalid-parameter"),
        ("POST", "/v1/tokens/zapper/rejections", "Content-Length: 2\r\n", "{}", 400, "invalid-parameter"),
        ("POST", "/v1/tokens/zapper/rejections", "Content-Length: 65537\r\n", "", 413, "payload-too-large"),
        ("POST", "/v1/tokens/zapper/rejections", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 400, "bad-request"),
        ("POST", "/v1/tokens/zapper/rejections", "Content-Length: 1\r\nContent-Length: 1\r\n", "a", 400, "bad-request"),
        ("POST", "/v1/tokens/zapper/rejections", "Transfer-Encoding: gzip\r\n", "", 400, "bad-request"),
        ("POST", "/v1/tokens/zapper/rejections", "Expect: 200-ok\r\n", "", 417, "expectation-failed"),
    ]

    @Test(arguments: bodies) func `bodies are read to the letter`(
        method: String, target: String, headers: String, body: String, status: Int, slug: String?
    ) async throws {
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zapper")
            let address = live.address
            let answer = try await blocking {
                let client = try #require(RawClient(address: address))
                client.send("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(LiveBroker.key)\r\n\(headers)\r\n\(body)")
                return try #require(client.receive())
            }
            #expect(answer.status == status && answer.slug == slug, "\(answer.status) \(answer.slug ?? "")")
        }
    }

    /// Host fields on TCP.
    static let hosts: [(host: String, status: Int)] = [
        ("localhost", 200), ("LOCALHOST:8653", 200), ("127.0.0.1", 200), ("[::1]:1", 200), ("127.0.0.1:99999", 200), ("evil.example", 421),
        ("localhost.evil.example", 421), ("127.0.0.1.nip.io", 421), ("", 400), ("a b", 400), ("localhost:x", 400), ("[::1", 400), ("a,b", 400),
    ]

    @Test(arguments: hosts) func `only this machine's names are hosts`(host: String, status: Int) async throws {
        try await LiveBroker.with { live in
            let address = live.address
            let answer = try await blocking {
                let client = try #require(RawClient(address: address))
                client.send("GET /livez HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                return try #require(client.receive())
            }
            #expect(answer.status == status, "\(answer.text)")
        }
    }

    @Test func `the key counts on every request, also on a kept connection`() async throws {
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zapper")
            let address = live.address
            try await blocking {
                let client = try #require(RawClient(address: address))
                func status(_ authorization: String) -> Int? {
                    client.send("GET /v1/tokens/zapper HTTP/1.1\r\nHost: localhost\r\n\(authorization)\r\n")
                    return client.receive()?.status
                }
                #expect(status("Authorization: Bearer \(LiveBroker.key)\r\n") == 200)
                #expect(status("Authorization: Bearer \(LiveBroker.key)\r\n") == 200)
                #expect(status("") == 401)
                #expect(status("Authorization: Bearer \(LiveBroker.key)x\r\n") == 401)
                #expect(status("Authorization: Basic \(LiveBroker.key)\r\n") == 401)
                #expect(status("Authorization: Bearer \(LiveBroker.key)\r\n") == 200)
            }
        }
    }

    @Test func `a client reaches only its tokens and permissions, and cannot tell forbidden from unknown`() async throws {
        let narrow = { (yaml: String) in yaml.replacing("tokens: [\"*\"]\n    may: [admin]", with: "tokens: [\"zapper\"]") }
        try await LiveBroker.with(narrow) { live in
            #expect(try await live.ask("GET", "/v1/tokens/zapper").status == 200)
            let (forbidden, unknown) = (try await live.ask("GET", "/v1/tokens/pulsecrm"), try await live.ask("GET", "/v1/tokens/unknown"))
            #expect(forbidden.status == 403 && unknown.status == 403)
            #expect(forbidden.json["detail"] == unknown.json["detail"] && forbidden.json["title"] == unknown.json["title"])
            #expect(try await live.ask("POST", "/v1/tokens/zapper/refresh").status == 403)
            #expect(try await live.ask("POST", "/v1/reload").status == 403)
            guard case .array(let tokens)? = try await live.ask("GET", "/v1/tokens").json["tokens"] else {
                Issue.record("no list")
                return
            }
            #expect(tokens.map { $0["name"]?.text } == ["zapper"])
        }
    }

    @Test func `a malformed Host ends the connection`() async throws {
        try await LiveBroker.with { live in
            let address = live.address
            try await blocking {
                let client = try #require(RawClient(address: address))
                client.send("GET /livez HTTP/1.1\r\nHost: local host\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(client.receive()?.status == 400)
                #expect(client.isClosed())
            }
        }
    }

    @Test func `every route that is not open refuses a stranger`() async throws {
        try await LiveBroker.with { live in
            for route in RouteTable.routes {
                let path = "/" + route.pattern.map { $0.hasPrefix(":") ? "zapper" : $0 }.joined(separator: "/")
                let isFacade = route.permission == .oauth2
                let body = isFacade ? "grant_type=client_credentials&client_id=x&client_secret=y" : nil
                let type = isFacade ? "Content-Type: application/x-www-form-urlencoded\r\n" : ""
                let answer = try await live.ask(route.method.rawValue, path, key: nil, headers: type, body: body)
                let isOpen = route.permission == .open || route.permission == .known(strangersToo: true)
                #expect(isOpen ? answer.status != 401 : answer.status == 401, "\(path): \(answer.status)")
                if answer.status == 401 { #expect(answer.field("WWW-Authenticate") == "\(isFacade ? "Basic" : "Bearer") realm=\"tokenbroker\"") }
            }
        }
    }

    @Test func `without clients only the daemon's own user and root are served`() throws {
        var configuration = BrokerConfiguration()
        let rules = CallerIdentifier(configuration, ownUser: 1000)
        func caller(_ user: UInt32?, _ transport: Peer.Transport) -> Caller? {
            rules.caller(identity: user.map { PeerIdentity(user: $0) }, transport: transport, key: nil, at: WallTime(nanoseconds: 0))
        }
        #expect(caller(1000, .loopback) != nil)
        #expect(caller(0, .loopback)?.isOperator == false)
        #expect(caller(0, .unix)?.isOperator == true)
        #expect(caller(1001, .unix) == nil)
        #expect(caller(nil, .loopback) == nil)
        configuration.hasClients = true
        #expect(
            CallerIdentifier(configuration, ownUser: 1000).caller(
                identity: PeerIdentity(user: 1000), transport: .loopback, key: nil, at: WallTime(nanoseconds: 0)) == nil)
    }
}
