import Testing
import Text

/// Form-encoded text and percent escapes, read strictly and leniently.
@Suite struct FormTextTests {
    @Test(arguments: [
        ("a%20b+c", "a b c"), ("%41%c3%B6", "A\u{F6}"), ("", ""), ("%", nil), ("%4", nil), ("%4g", nil), ("%+f", nil), ("a%zz", nil),
    ]) func `strictly, an escape has two digits`(text: String, decoded: String?) {
        #expect(FormText.decode(text.utf8) == decoded.map { Array($0.utf8) })
    }

    @Test func `in a path a plus is itself`() {
        #expect(FormText.decode("a+b%2B".utf8, plusIsSpace: false) == Array("a+b+".utf8))
    }

    @Test(arguments: [
        ("a=1&b=2%203&c", ["a": "1", "b": "2 3", "c": ""]), ("a=%zz&b=%4&&=x", ["a": "%zz", "b": "%4", "": "x"]), ("a+b=c=d", ["a b": "c=d"]),
        ("a=%ff", ["a": "\u{FFFD}"]), ("a=%+f", ["a": "% f"]),
    ]) func `leniently, an escape that is none stands for itself`(text: String, pairs: [String: String]) {
        #expect(Dictionary(FormText.pairs(text.utf8).map { ($0.name, $0.value) }) { first, _ in first } == pairs)
    }
}
