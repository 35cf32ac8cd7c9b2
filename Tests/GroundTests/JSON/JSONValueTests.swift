import JSON
import TestSupport
import Testing

/// RFC 8259, read and written.
@Suite struct JSONValueTests {
    @Test func `a member name of a megabyte of marks costs no more than its bytes`() throws {
        let name = "a" + String(repeating: "\u{301}\u{316}", count: 125_000)
        let value = try #require(JSONValue(parsing: Array("{\"\(name)\": 1, \"b\": 2}".utf8)))
        #expect(value == .object(["b": .integer(2)]))
        let text = JSONValue.string("x" + name)
        #expect(text != .string("x") && text == .string("x" + name))
    }

    @Test func `texts that Unicode calls equivalent are two values`() {
        #expect(JSONValue.string("caf\u{E9}") != .string("cafe\u{301}"))
        #expect(Set([JSONValue.string("caf\u{E9}"), .string("cafe\u{301}")]).count == 2)
    }

    @Test func `JSON is written as it is read`() throws {
        let text = #"{"a":[1,2.5,true,null,"\"\\\n\u0001é"],"b":{}}"#
        let value = try #require(JSONValue(parsing: Array(text.utf8)))
        #expect(JSONValue(parsing: Array(value.jsonText.utf8)) == value)
        #expect(value.jsonText == text)
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "nul", "\"\u{1}\"", "\"\\x\"", "\"\\ud800\"", "\"\\u12\"", "1 2",
        "[1]]", "'a'", "NaN", "1e999",
        String(repeating: "[", count: 300) + String(repeating: "]", count: 300),
    ]) func `what is not JSON is nothing`(text: String) {
        #expect(JSONValue(parsing: Array(text.utf8)) == nil)
    }

    @Test func `numbers and escapes are read exactly`() {
        let text = #"[9223372036854775807,-0,1.5e3,9223372036854775808,"\ud83d\ude00\u00e9\/\b"]"#
        let expected: [JSONValue] = [.integer(.max), .integer(0), .number(1500), .number(9_223_372_036_854_775_808), "😀é/\u{8}"]
        #expect(JSONValue(parsing: Array(text.utf8)) == .array(expected))
    }
}
