import Testing
import XML

/// Answers in XML, and paths into them.
@Suite struct XMLElementTests {
    private func value(_ path: String, _ text: String) -> String? {
        XMLPath(path).flatMap { path in XMLElement(parsing: Array(text.utf8)).flatMap(path.resolve) }
    }

    @Test(arguments: [
        ("/r/t", "<r><t> abc\n</t></r>", "abc"), ("/r/t/@v", "<r><t/><t v='1'/></r>", "1"), ("/r/a/b", "<r><a/><a><b>2</b></a></r>", "2"),
        ("/Envelope/Body/token", #"<s:Envelope xmlns:s="urn:x"><s:Body><n:token xmlns:n="urn:y">t&amp;&#65;</n:token></s:Body></s:Envelope>"#, "t&A"),
        ("/r/t", "<?xml version='1.0' encoding='ISO-8859-1'?><!-- c --><r><t><![CDATA[<x>]]></t></r>", "<x>"), ("/r/t", "<r><t/></r>", ""),
        ("/r", "<r>a<b>c</b>d</r>", "acd"), ("/r/t", "\u{FEFF}<r><t>x</t></r>", "x"),
    ]) func `a path finds the first place it leads to`(path: String, text: String, found: String) {
        #expect(value(path, text) == found)
    }

    @Test(arguments: [
        ("/r/t", "<r><u>x</u></r>"), ("/t", "<r><t>x</t></r>"), ("/r/t/@v", "<r><t w='1'/></r>"), ("/r", "<r>"), ("/r", ""), ("/r", "{}"),
        ("/r", "<!DOCTYPE r [<!ENTITY e 'x'>]><r>&e;</r>"), ("/r", "<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><r>&e;</r>"),
        ("/r", "<r>&undeclared;</r>"), ("/r", "<r/><r/>"),
    ]) func `what is not there, not well-formed or declares entities has no value`(path: String, text: String) {
        #expect(value(path, text) == nil)
    }

    @Test func `a document nested too deeply is refused`() {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)).utf8)
        }
        #expect(XMLElement(parsing: nested(256)) != nil && XMLElement(parsing: nested(257)) == nil)
    }

    @Test(arguments: ["", "/", "a/b", "//a", "/a/", "/a/@", "/@a", "/a/@b/c", "/a[1]", "/ns:a", "/*"]) func `is no path`(text: String) {
        #expect(XMLPath(text) == nil)
    }
}
