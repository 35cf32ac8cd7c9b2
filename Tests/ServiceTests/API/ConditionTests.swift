import LocalHTTP
import TestSupport
import Testing

@testable import API

/// Conditions and weights of a request.
@Suite struct ConditionTests {
    private func tags(_ lines: String...) throws -> EntityTags {
        let fields = lines.map { "If-None-Match: \($0)" }.joined(separator: "\r\n")
        return try ParsedRequest.with("GET / HTTP/1.1", fields) { head, bytes in EntityTags(.ifNoneMatch, of: head, bytes) }
    }

    @Test func `tags are a list, with whatever stands between their quotes`() throws {
        #expect(try tags("\"a\"").tags == [.init(text: "a", isWeak: false)])
        #expect(try tags("W/\"a\", \"b,c\" ,W/\"*\"").tags.map(\.text) == ["a", "b,c", "*"])
        #expect(try tags("\"a\"", "\"b\"").tags.map(\.text) == ["a", "b"])
        #expect(try tags("\"\", \"W/x\"").tags.map(\.text) == ["", "W/x"])
    }

    @Test func `an asterisk is everything, and one in quotes is a tag`() throws {
        let (any, tag) = (try tags("*"), try tags("\"*\""))
        #expect(any.isAny && any.names("x") && !tag.isAny && !tag.names("x") && tag.names("*"))
    }

    @Test(arguments: ["a", "W/a", "\"a", "'a'", ",,", "w/\"a"]) func `what is no tag says nothing`(value: String) throws {
        #expect(try tags(value).tags.isEmpty)
    }

    @Test func `sixty-four tags are read and no more`() throws {
        #expect(try tags((0..<100).map { "\"\($0)\"" }.joined(separator: ",")).tags.count == 64)
    }

    @Test(arguments: [
        ("text/plain", true), ("text/plain, application/json", false), ("text/plain;q=0.5, application/json;q=0.4", true), ("*/*", false),
        ("application/json;q=0.9, text/plain", true), ("text/*, application/json;q=0.1", true), ("text/plain;q=0", false),
        ("application/json", false),
        ("TEXT/PLAIN", true), ("text/html, */*;q=0.8", false), ("text/plain ; q=0.3 , */*;q=0.2", true), ("text/plain;q=1.000,*/*;q=1", false),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", false),
    ])
    func `plain text is given to those who prefer it`(accept: String, isText: Bool) throws {
        let found = try ParsedRequest.with("GET / HTTP/1.1", "Accept: \(accept)") { head, bytes in AcceptedTypes(.accept, head, bytes).prefersText }
        #expect(found == isText)
    }
}
