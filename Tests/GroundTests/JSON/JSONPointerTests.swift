import JSON
import TestSupport
import Testing

/// RFC 6901.
@Suite struct JSONPointerTests {
    @Test(arguments: [("", "the whole"), ("/a", "b"), ("/x~1y", "slash"), ("/m~0n", "tilde"), ("/list/1", "two")])
    func `a JSON Pointer finds its value`(pointer: String, text: String) throws {
        let document = try #require(JSONValue(parsing: Array(#"{"a":"b","x/y":"slash","m~n":"tilde","list":["one","two"]}"#.utf8)))
        let found = try #require(JSONPointer(pointer)).resolve(in: document)
        if pointer.isEmpty { #expect(found == document) } else { #expect(found == .string(text)) }
        #expect(JSONPointer("a") == nil)
        #expect(JSONPointer("/~2") == nil)
        #expect(JSONPointer("/list/01")?.resolve(in: document) == nil)
    }
}
