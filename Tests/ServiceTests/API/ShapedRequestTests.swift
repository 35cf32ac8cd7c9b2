import JSON
import TestSupport
import Testing

/// Requests for a current token in every shape that clients send, on a live socket: the loop answers them from rendered bytes, and what it leaves
/// to the router has the same answer.
@Suite struct ShapedRequestTests {
    static let shapes: [(method: String, target: String, fields: String, status: Int)] = [
        ("GET", "/v1/tokens/zapper?min_valid=60", "", 200), ("GET", "/v1/tokens/zapper?wait=5", "", 200),
        ("GET", "/v1/tokens/zapper?wait=0&min_valid=1", "", 200), ("GET", "/v1/tokens/zapper?", "", 200),
        ("GET", "/v1/tokens/zapper/headers", "", 200),
        ("GET", "/v1/tokens/zapper/headers?min_valid=5", "", 200), ("HEAD", "/v1/tokens/zapper", "", 200),
        ("HEAD", "/v1/tokens/zapper/headers", "", 200),
        ("GET", "/v1/tokens/zapper", "Accept: text/plain\r\n", 200), ("GET", "/v1/tokens/zapper", "Accept: text/plain;q=0, */*\r\n", 200),
        ("GET", "/v1/tokens/zapper", "Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\n", 200),
        ("GET", "/v1/tokens/zapper", "If-None-Match: W/\"TAG\"\r\n", 304), ("GET", "/v1/tokens/zapper", "If-None-Match: \"TAG\"\r\n", 304),
        ("GET", "/v1/tokens/zapper", "If-None-Match: \"000000000000\"\r\n", 200),
        ("GET", "/v1/tokens/zapper/headers", "If-None-Match: W/\"TAG\"\r\n", 304),
        ("HEAD", "/v1/tokens/zapper", "If-None-Match: W/\"TAG\"\r\n", 304), ("GET", "/v1/tokens/zapper", "If-None-Match: \"a\", \"TAG\"\r\n", 304),
        ("GET", "/v1/tokens/zapper?min_valid=0060", "", 200), ("GET", "/v1/tokens/zapper?min_valid=99999999", "", 400),
        ("GET", "/v1/tokens/zapper?min_valid=34000000", "", 409), ("GET", "/v1/tokens/zapper?wait=31", "", 400),
        ("GET", "/v1/tokens/zapper?min_valid=1&min_valid=1", "", 400), ("GET", "/v1/tokens/zapper?min_valid=%31", "", 200),
        ("GET", "/v1/tokens/zapper?min_valid=", "", 400), ("GET", "/v1/tokens/zapper/headers?x=1", "", 400),
        ("GET", "/v1/tokens/zapper?MIN_VALID=1", "", 400), ("POST", "/v1/tokens/zapper/headers", "", 405),
    ]

    @Test func `every shape has its answer, and the same by the router`() async throws {
        try await LiveBroker.with { live in
            let tag = try await live.ask("GET", "/v1/tokens/zapper?wait=10").json["fingerprint"]?.text ?? ""
            for (method, target, fields, status) in Self.shapes {
                let own = fields.replacing("TAG", with: tag)
                let answer = try await live.ask(method, target, headers: own)
                #expect(answer.status == status, "\(method) \(target) \(fields): \(answer.status)")
                // If-Match: * holds for every token, and is the router's.
                let routed = try await live.ask(method, target, headers: own + "If-Match: *\r\n")
                #expect(routed.status == status)
                for name in ["Content-Type", "Content-Length", "ETag", "Vary", "Cache-Control", "Authorization"] {
                    #expect(answer.field(name) == routed.field(name), "\(method) \(target) \(fields): \(name)")
                }
                if method == "HEAD" || status == 304 { #expect(answer.body.isEmpty) }
                if status == 200 { #expect(answer.json["access_token"] == routed.json["access_token"]) }
            }
            let metrics = try await live.ask("GET", "/metrics").text
            #expect(metrics.contains("endpoint=\"headers\",status=\"304\""))
        }
    }

    @Test func `who may not have a token gets it in no shape`() async throws {
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zapper?wait=10")
            for (method, target, fields, _) in Self.shapes where method != "POST" && !target.contains("&min_valid") {
                for key in [nil, "wrong"] {
                    let answer = try await live.ask(method, target, key: key, headers: fields)
                    #expect(answer.status == 401 || answer.status == 429, "\(method) \(target): \(answer.status)")
                }
            }
        }
    }
}
