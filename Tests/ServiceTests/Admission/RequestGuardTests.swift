import Admission
import Contract
import LocalHTTP
import TestSupport
import Testing

/// What no local program sends, without a socket.
@Suite struct RequestGuardTests {
    private let requestGuard = RequestGuard(hosts: ["Broker.Internal"])

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
        ("broker.internal:8653", true), ("example.com", false), ("127.0.0.1.example.com", false), ("localhost.example", false), ("10.0.0.1", false),
    ])
    func `on TCP the host names this machine`(host: String, isRight: Bool) throws {
        let problem = try ParsedRequest.with("GET /livez HTTP/1.1", "Host: \(host)") { head, bytes in
            requestGuard.hostProblem(head, bytes, transport: .loopback)
        }
        #expect((problem == nil) == isRight)
        #expect(problem == nil || problem?.kind == .wrongHost)
    }

    @Test func `an absolute target replaces Host, and the unix socket's host is not looked at`() throws {
        let replaced = try ParsedRequest.with("GET http://evil.example/livez HTTP/1.1", "Host: localhost") { head, bytes in
            requestGuard.hostProblem(head, bytes, transport: .loopback)?.kind
        }
        #expect(replaced == .wrongHost)
        let unix = try ParsedRequest.with("GET /livez HTTP/1.1", "Host: evil.example") { head, bytes in
            requestGuard.hostProblem(head, bytes, transport: .unix)?.kind
        }
        #expect(unix == nil)
    }

    @Test(arguments: [
        ("Origin: http://localhost", true, true), ("Origin: http://localhost", false, false), ("Origin: http://evil.example", false, true),
        ("Origin: null", false, true), ("Referer: http://localhost/page", false, false), ("Referer: http://localhost.evil/", false, true),
        ("Sec-Fetch-Site: same-origin", false, false), ("Sec-Fetch-Site: none", false, false), ("Sec-Fetch-Site: cross-site", false, true),
        ("Sec-Fetch-Site: same-origin", true, true), ("Accept: */*", true, false),
    ])
    func `a browser is refused where a token is served, and another page everywhere`(field: String, servesToken: Bool, isRefused: Bool) throws {
        let problem = try ParsedRequest.with("GET /livez HTTP/1.1", field) { head, bytes in
            requestGuard.browserProblem(head, bytes, servesToken: servesToken)
        }
        #expect((problem?.kind == .browserRequest) == isRefused)
    }
}
