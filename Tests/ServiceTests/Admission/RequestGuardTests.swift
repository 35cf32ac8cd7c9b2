import Admission
import Contract
import LocalHTTP
import TestSupport
import Testing

/// What no local program sends, without a socket.
@Suite struct RequestGuardTests {
    private let requestGuard = RequestGuard(hosts: ["Broker.Internal", "127.0.0.9"])

    @Test(arguments: [
        ("X-Forwarded-For: 1.2.3.4", true), ("X-Forwarded-Whatever: a", true), ("Forwarded: for=1.2.3.4", true), ("Via: 1.1 a", true),
        ("X-Real-IP: 1.2.3.4", true), ("X-Forwarded: a", false), ("X-Request-ID: a", false), ("Accept: */*", false),
    ])
    func `a forwarded request is known by its fields`(field: String, isForwarded: Bool) throws {
        let found = try ParsedRequest.with("GET /livez HTTP/1.1", field) { head, _ in requestGuard.isForwarded(head) }
        #expect(found == isForwarded)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.0.0.1:8653", true), ("LOCALHOST:1", true), ("[::1]:8653", true), ("broker.internal", true),
        ("broker.internal:8653", true), ("localhost.", true), ("ip6-localhost:8653", true), ("[0:0:0:0:0:0:0:1]:8653", true),
        ("[0000:0000::0001]", true), ("127.0.0.9:8653", true), ("[::2]", false), ("[::ffff:127.0.0.1]", false), ("127.0.0.2", false),
        ("127.1", false),
        ("localhost..", false), ("example.com", false), ("127.0.0.1.example.com", false), ("localhost.example", false), ("10.0.0.1", false),
    ])
    func `on TCP the host names this machine`(host: String, isRight: Bool) throws {
        let problem = try ParsedRequest.with("GET /livez HTTP/1.1", "Host: \(host)") { head, bytes in
            requestGuard.hostProblem(head, bytes, transport: .loopback)
        }
        #expect((problem == nil) == isRight)
        #expect(problem == nil || problem?.kind == .wrongHost)
    }

    @Test(arguments: [
        ("unix", true), ("localhost", true), ("", true), ("/run/tokenbroker/api.sock", true), ("%2Frun%2Ftokenbroker%2Fapi.sock", true), ("a", true),
        ("127.0.0.1:8653", true), ("docker:80", true), ("evil.example", false), ("evil.example:80", false), ("10.0.0.1", false), ("[::2]", false),
    ])
    func `over a unix socket Host is a word, a path or nothing; a name with a dot must be right`(host: String, isRight: Bool) throws {
        let problem = try ParsedRequest.with("GET /livez HTTP/1.1", "Host: \(host)", takesAnyHost: true) { head, bytes in
            requestGuard.hostProblem(head, bytes, transport: .unix)
        }
        #expect((problem == nil) == isRight)
    }

    @Test func `an absolute target replaces Host on every socket`() throws {
        let replaced = try ParsedRequest.with("GET http://evil.example/livez HTTP/1.1", "Host: localhost") { head, bytes in
            requestGuard.hostProblem(head, bytes, transport: .loopback)?.kind
        }
        #expect(replaced == .wrongHost)
        let unix = try ParsedRequest.with("GET http://evil.example/livez HTTP/1.1", "Host: unix") { head, bytes in
            requestGuard.hostProblem(head, bytes, transport: .unix)?.kind
        }
        #expect(unix == .wrongHost)
    }

    @Test(arguments: [
        ("Origin: http://localhost", true, true), ("Origin: http://localhost", false, false), ("Origin: http://evil.example", false, true),
        ("Origin: null", false, true), ("Referer: http://localhost/page", false, false), ("Referer: http://localhost.evil/", false, true),
        ("Sec-Fetch-Site: same-origin", false, false), ("Sec-Fetch-Site: none", false, false), ("Sec-Fetch-Site: cross-site", false, true),
        ("Sec-Fetch-Site: same-origin", true, true), ("Sec-Fetch-Mode: cors", true, false), ("Cookie: a=b", true, false),
        ("Accept: */*", true, false),
    ])
    func `a browser is refused where a token is served, and another page everywhere`(field: String, servesToken: Bool, isRefused: Bool) throws {
        let problem = try ParsedRequest.with("GET /livez HTTP/1.1", field) { head, bytes in
            requestGuard.browserProblem(head, bytes, servesToken: servesToken)
        }
        #expect((problem?.kind == .browserRequest) == isRefused)
    }
}
