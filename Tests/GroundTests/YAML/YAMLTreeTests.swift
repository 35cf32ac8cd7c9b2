import Testing
import YAML

/// Documents as trees that know where everything stands.
@Suite struct YAMLTreeTests {
    private func faults(_ text: String) -> [String] {
        let faults = FaultList()
        _ = YAMLDocument.parse(text, file: "f", faults: faults)
        return faults.faults.map(\.description)
    }

    @Test func `every value has its type, its text and its place`() throws {
        let list = FaultList()
        let text = "a: 1\nb: {c: \"1\", d: [x, 'y', ~, true]}\né: |\n  two\n  lines\n"
        let root = try #require(YAMLDocument.parse(text, file: "f", faults: list)?.mapping())
        #expect(root.members.map(\.name) == ["a", "b", "é"])
        #expect(root.take("a")?.scalar == .integer("1"))
        let inner = try #require(root.take("b")?.mapping())
        #expect(inner.take("c")?.scalar == .string("1"))
        let items = try #require(inner.take("d")?.list())
        #expect(items.map(\.scalar) == [.string("x"), .string("y"), .null, .bool(true)])
        #expect(items.map(\.path) == ["b.d[0]", "b.d[1]", "b.d[2]", "b.d[3]"])
        #expect(root.take("é")?.string() == "two\nlines\n")
        items[2].fault("is null")
        #expect(list.faults.map(\.description) == ["f:2:25: b.d[2]: is null"])
    }

    @Test func `a place is found by its keys`() throws {
        let root = try #require(YAMLDocument.parse("a:\n  b:\n    c: 1\n", file: "f", faults: FaultList()))
        let place = root.place(of: ["a", "b", "c"])
        #expect(place?.line == 3 && place?.column == 8)
        #expect(root.place(of: ["a", "x"]) == nil)
        #expect(root.place(of: ["a", "b", "c", "d"]) == nil)
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "f:1:1: duplicate key a"),
        ((1...12).map { "k\($0): 1\n" }.joined() + "k7: 2\n", "f:7:1: duplicate key k7"),
        ("a: &x {}\nb: *x\n", "f:1:4: anchors and aliases are not supported; write the value out"),
        ("---\na: 1\n---\nb: 2\n", "f:3:1: expected a single document in the stream but found another document"),
        (String(repeating: "[", count: 300) + String(repeating: "]", count: 300), "f:1:201: is nested deeper than 200 levels"),
        (
            "a: 1\r\nb: 2\r\n c: 3\r\n",
            "f:3:3: mapping values are not allowed in this context; put a value that holds \": \" into quotes, and indent keys of one mapping alike"
        ),
        (
            "x: |\n  \"hello\n  more\nb: @x\n",
            "f:4:4: while scanning for the next token found character that cannot start any token; put a value that begins with @, `, % or a tab into quotes"
        ),
        (
            "x: \"hello\n  more\"\nb: @x\n",
            "f:3:4: while scanning for the next token found character that cannot start any token; put a value that begins with @, `, % or a tab into quotes"
        ),
        ("a: 1\nb: \"open\nc: 1\n", "f:2:4: the quote that opens here is not closed on this line; the file makes no sense from line 4 on"),
        ("a: 1\nb: x\u{1}y\n", "f:2:5: cannot be read: control characters are not allowed"),
        ("", "f:1:1: is empty"), ("# nothing\n", "f:1:1: is empty"),
    ])
    func `what is no configuration is a fault at its place`(text: String, fault: String) {
        #expect(faults(text) == [fault])
    }

    @Test func `a digest follows the content and not the layout`() throws {
        func digest(_ text: String) throws -> String { try #require(YAMLDocument.parse(text, file: "f", faults: FaultList())).digest }
        let plain = try digest("a: {b: 1, c: [x, y]}\n")
        #expect(try digest("# note\na:\n  b: 1\n  c:\n    - x\n    - y\n") == plain)
        for other in ["a: {b: 2, c: [x, y]}\n", "a: {b: 1, c: [xy]}\n", "a: {b: \"1\", c: [x, y]}\n", "a: {b: 1, c: [x], y: }\n"] {
            #expect(try digest(other) != plain)
        }
    }

    @Test func `a key is shown on one line, and not longer than people read`() throws {
        let faults = FaultList()
        let text = "\"\\e[31m\\nx\": {y: 1}\n" + String(repeating: "k", count: 100) + ": {y: 1}\n"
        let root = try #require(YAMLDocument.parse(text, file: "f", faults: faults)?.mapping())
        for member in root.members { member.node.mapping()?.finish() }
        let paths = faults.faults.map(\.path)
        #expect(paths == ["\\u{1b}[31m\\u{a}x.y", String(repeating: "k", count: 80) + "….y"])
    }
}
