import JSON
import TestSupport
import Testing

/// RFC 8259, read and written.
@Suite struct JSONValueTests {
    @Test func `JSON is written as it is read`() throws {
        let text = #"{"a":[1,2.5,true,null,"\"\\\n\u0001é"],"b":{}}"#
        let value = try #require(JSONValue(parsing: Array(text.utf8)))
        #expect(JSONValue(parsing: Array(value.jsonText.utf8)) == value)
        #expect(value.jsonText == text)
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", ".5", "+1", "1e", "nul", "\"\u{1}\"", "\"\\x\"", "\"\\ud800\"", "\"\\u12\"", "1 2",
        "[1]]", "'a'", "NaN", "1e999",
        String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
    ]) func `what is not JSON is nothing`(text: String) {
        #expect(JSONValue(parsing: Array(text.utf8)) == nil)
    }

    @Test func `numbers and escapes are read exactly`() {
        let text = #"[9223372036854775807,-0,1.5e3,9223372036854775808,"\ud83d\ude00\u00e9\/\b"]"#
        let expected: [JSONValue] = [.integer(.max), .integer(0), .number(1500), .number(9_223_372_036_854_775_808), "😀é/\u{8}"]
        #expect(JSONValue(parsing: Array(text.utf8)) == .array(expected))
    }
}
