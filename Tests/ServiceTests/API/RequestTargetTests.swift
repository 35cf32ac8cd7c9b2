import Contract
import LocalHTTP
import TestSupport
import Testing

@testable import API

/// Path and query, decoded once and strictly.
@Suite struct RequestTargetTests {
    private func target(_ text: String) throws -> RequestTarget {
        try ParsedRequest.with("GET \(text) HTTP/1.1") { head, bytes in try RequestTarget(head, bytes) }
    }

    @Test(arguments: [
        ("/v1/tokens", ["v1", "tokens"]), ("/v1/tokens/", ["v1", "tokens", ""]), ("/", []), ("/a%20b", ["a b"]), ("/caf%C3%A9", ["café"]),
        ("/a+b", ["a+b"]),
    ])
    func `a path is its segments`(text: String, segments: [String]) throws {
        #expect(try target(text).segments == segments)
    }

    @Test func `a query is pairs in order, and plus is a space there`() throws {
        let query = try target("/a?x=1&y=a+b&z&&w=%3D").query
        #expect(query.map(\.name) == ["x", "y", "z", "w"] && query.map(\.value) == ["1", "a b", "", "="])
    }

    @Test(arguments: ["/%2F", "/%00", "/%", "/%4", "/%zz", "/%FF", "/a?x=1&x=2", "/a?%78=1&x=2", "/a?x=%00", "/a?x=%ff"])
    func `what is doubtful is an invalid parameter`(text: String) {
        do {
            _ = try target(text)
            Issue.record("taken")
        } catch {
            #expect((error as? Problem)?.kind == .invalidParameter)
        }
    }
}
