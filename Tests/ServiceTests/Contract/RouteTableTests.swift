import Contract
import TestSupport
import Testing

/// Which path and method is which route.
@Suite struct RouteTableTests {
    @Test(
        arguments: [
            ("GET", ["v1", "tokens"], "list", [:]), ("HEAD", ["v1", "tokens", "a"], "token", ["token": "a"]),
            ("GET", ["v1", "tokens", "a", "headers"], "headers", ["token": "a"]), ("GET", ["v1", "tokens", "a", "status"], "status", ["token": "a"]),
            ("POST", ["v1", "tokens", "a", "refresh"], "refresh", ["token": "a"]),
            ("POST", ["v1", "tokens", "a", "actions", "b"], "action", ["token": "a", "action": "b"]), ("GET", ["livez"], "livez", [:]),
            ("GET", ["problems", "forbidden"], "problem", ["slug": "forbidden"]),
        ] as [(String, [String], String, [String: String])])
    func `a path leads to its endpoint`(method: String, segments: [String], endpoint: String, parameters: [String: String]) throws {
        guard case .route(let route, let found) = RouteTable.match(method: method, segments: segments) else {
            Issue.record("no route")
            return
        }
        #expect(route.endpoint.rawValue == endpoint && found == parameters)
    }

    @Test(
        arguments: [
            ("POST", ["v1", "tokens", "a"], "GET, HEAD"), ("GET", ["v1", "reload"], "POST"), ("", ["livez"], "GET, HEAD"),
            ("OPTIONS", ["livez"], "GET, HEAD"),
        ] as [(String, [String], String)])
    func `a wrong method is answered with the right ones`(method: String, segments: [String], allow: String) {
        guard case .otherMethod(let found) = RouteTable.match(method: method, segments: segments) else {
            Issue.record("a route, or none")
            return
        }
        #expect(found == allow)
    }

    @Test(
        arguments: [[""], ["v1"], ["v1", "tokens", "a", "b"], ["v1", "tokens", "a", "headers", "x"], ["V1", "tokens"], ["livez", ""]] as [[String]])
    func `every other path is none`(segments: [String]) {
        guard case .none = RouteTable.match(method: "GET", segments: segments) else {
            Issue.record("a route")
            return
        }
    }

    @Test func `every endpoint has a route, and no two routes have the same method and path`() {
        #expect(Set(RouteTable.routes.map(\.endpoint)) == Set(Endpoint.allCases))
        #expect(Set(RouteTable.routes.map { "\($0.method) \($0.pattern)" }).count == RouteTable.routes.count)
        for route in RouteTable.routes where route.servesToken { #expect(!route.isOpen) }
    }

    @Test func `every route is a row of the article Operations`() throws {
        let article = try TestFiles.text("Sources/Service/BrokerDaemon/Documentation.docc/Operations.md")
        for route in RouteTable.routes {
            let parts = route.pattern.map { $0.hasPrefix(":") ? $0.dropFirst() == "token" ? "NAME" : $0.dropFirst().uppercased() : $0 }
            #expect(article.contains("`\(route.method.rawValue) /\(parts.joined(separator: "/"))`"), "\(parts)")
        }
    }
}
