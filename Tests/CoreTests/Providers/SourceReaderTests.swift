import HTTPTypes
import JSON
import Testing
import YAML

@testable import Providers

/// How each source of a value is written.
@Suite struct SourceReaderTests {
    /// How a source is written. A new case needs a line here, and then a row below.
    private static func written(_ source: ValueSource) -> String? {
        switch source {
        case .json(let pointer): "{json: \(pointer)}"
        case .header(let name): "{header: \(name.rawName)}"
        case .body(let allowsHTML): allowsHTML ? "{body: text, html: true}" : "{body: text}"
        case .text: nil  // only tests have it, under their own key
        }
    }

    static let sources: [ValueSource] = [
        .json(JSONPointer("/data/token") ?? .root), .header(.authorization), .body(allowsHTML: false), .body(allowsHTML: true),
    ]

    private func read(_ text: String) -> (source: ValueSource?, faults: [String]) {
        let faults = FaultList()
        let source = YAMLDocument.parse(text, file: "test", faults: faults).flatMap(SourceReader.read)
        return (source, faults.faults.map(\.message))
    }

    @Test(arguments: sources) func `a source is read as it is written`(source: ValueSource) throws {
        let text = try #require(Self.written(source))
        let (found, faults) = read(text)
        #expect(found == source && faults.isEmpty, "\(faults)")
    }

    @Test(arguments: [
        ("{json: data}", "is not a JSON Pointer (RFC 6901), such as /data/token"), ("{header: 'a b'}", "is not a field name (RFC 9110 §5.1)"),
        ("{body: json}", "must be the word text"), ("{json: /a, header: b}", "names more than one source"),
        ("{json: /a, html: true}", "applies only to body: text"), ("{}", "must be \(SourceReader.forms)"),
    ])
    func `what is no source is named`(text: String, fault: String) {
        #expect(read(text).faults.contains(fault), "\(read(text).faults)")
    }
}
