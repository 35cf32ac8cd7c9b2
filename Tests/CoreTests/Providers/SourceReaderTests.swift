import HTTPTypes
import JSON
import Patterns
import Testing
import XML
import YAML

@testable import Providers

/// How each source of a value is written.
@Suite struct SourceReaderTests {
    /// How a source is written. A new case needs a line here, and then a row below.
    private static func written(_ place: ValueSource.Place) -> String? {
        switch place {
        case .json(let pointer): "json: \(pointer)"
        case .form(let name): "form: \(name)"
        case .header(let name): "header: \(name.rawName)"
        case .cookie(let name): "cookie: \(name)"
        case .allCookies: "cookie: '*'"
        case .xml(let path): "xml: \(path)"
        case .body(let allowsHTML): allowsHTML ? "body: text, html: true" : "body: text"
        case .value(let name): "value: \(name)"
        case .text: nil  // only tests have it, under their own key
        }
    }

    static let sources: [ValueSource] =
        [
            .json(JSONPointer("/data/token") ?? .root), .header(.authorization), .body(allowsHTML: false), .body(allowsHTML: true),
            .form("oauth_token"),
            .cookie("sid"), .allCookies, .value("signed"),
        ].map { ValueSource($0) } + (XMLPath("/a/b/@c").map { [ValueSource(.xml($0), step: 1, pattern: try? Pattern("x(.)"))] } ?? [])

    private func read(_ text: String) -> (source: SourceList?, faults: [String]) {
        let faults = FaultList()
        let source = YAMLDocument.parse(text, file: "test", faults: faults).flatMap(SourceReader(names: ["signed"], steps: 2).read)
        return (source, faults.faults.map(\.message))
    }

    @Test(arguments: sources) func `a source is read as it is written`(source: ValueSource) throws {
        let text = try #require(Self.written(source.place))
        let rest = (source.step.map { ", step: \($0)" } ?? "") + (source.pattern.map { ", matches: \($0.text)" } ?? "")
        let (found, faults) = read("{\(text)\(rest)}")
        #expect(found?.sources == [source] && faults.isEmpty, "\(faults)")
    }

    @Test(arguments: [
        ("{json: data}", "is not a JSON Pointer (RFC 6901), such as /data/token"), ("{header: 'a b'}", "is not a field name (RFC 9110 §5.1)"),
        ("{body: json}", "must be the word text"), ("{json: /a, header: b}", "names more than one source: json, header"),
        ("{json: /a, step: 2}", "must be a whole number from 0 to 1"),
        ("{xml: a/b}", "must be a path of local names, such as /response/token or /response/credentials/@token"),
        ("{json: /a, matches: x}", "needs one group, whose text is the value, such as \"Bearer (.+)\"; it has 0"),
        ("{value: other}", "{other} is not known here; known: signed"), ("[]", "needs at least one source, such as {json: /pointer}"),
        ("{json: /a, html: true}", "applies only to body: text"), ("{}", "must be \(SourceReader.forms)"),
    ])
    func `what is no source is named`(text: String, fault: String) {
        #expect(read(text).faults.contains(fault), "\(read(text).faults)")
    }
}
