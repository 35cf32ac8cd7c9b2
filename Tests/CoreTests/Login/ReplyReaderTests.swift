import HTTPTypes
import JSON
import OutboundHTTP
import TestSupport
import Testing
import Tokens
import YAML

@testable import Login
@testable import Providers

/// What a test of the language finds in an answer, and what an answer is by its status.
@Suite struct ReplyReaderTests {
    private static let body = #"{"code":"OK","n":7,"flag":true,"nothing":null,"list":["a","b"],"sub":{"t":"x"},"zeros":"00"}"#

    private static func reader(_ status: Int = 200, _ body: String = body, fields: [(String, String)] = [("X-State", "ready; really")]) -> ReplyReader
    {
        ReplyReader(.make(status, body, fields: fields, clocks: FakeClocks()))
    }

    private static func json(_ pointer: String) -> ValueSource { .json(JSONPointer(pointer) ?? .root) }

    static let conditions: [(source: ValueSource, condition: ReplyTest.Condition, holds: Bool)] = [
        (json("/code"), .equals("OK"), true), (json("/code"), .equals("ok"), false), (json("/n"), .equals(7), true),
        (json("/n"), .equals("7"), false),
        (json("/flag"), .equals(true), true), (json("/nothing"), .equals(.null), true), (json("/zeros"), .equals("00"), true),
        (json("/zeros"), .equals(0), false), (json("/code"), .exists(true), true), (json("/gone"), .exists(true), false),
        (json("/gone"), .exists(false), true), (json("/sub"), .exists(true), true), (json("/code"), .matches("^O"), true),
        (json("/code"), .matches("o"), false), (json("/list"), .matches(#""b""#), true), (json("/gone"), .matches("."), false),
        (.header(HTTPField.Name("X-State") ?? .date), .matches("really$"), true), (.header(.date), .exists(true), false),
        (.text, .matches("really"), false),
        (.text, .matches(#""n":7"#), true),
    ]

    @Test(arguments: conditions) func `a condition holds`(source: ValueSource, condition: ReplyTest.Condition, holds: Bool) {
        var test = ReplyTest()
        (test.source, test.condition) = (source, condition)
        #expect(Self.reader().holds(test) == holds, "\(test)")
    }

    @Test func `a status must hold beside the source`() {
        var test = ReplyTest()
        test.statuses = [.exactly(401), .hundreds(5)]
        #expect(Self.reader(401).holds(test) && Self.reader(503).holds(test) && !Self.reader(402).holds(test))
        (test.source, test.condition) = (Self.json("/code"), .equals("no"))
        #expect(!Self.reader(401).holds(test))
    }

    @Test(
        arguments: [
            (200, "", nil), (204, "", nil), (401, "", .rejected), (400, #"{"error":"invalid_grant"}"#, .rejected), (400, "", .refused),
            (404, "", .refused),
            (407, "", .certificate), (408, "", .transient), (425, "", .transient), (429, "", .throttled), (500, "", .transient),
            (599, "", .transient),
            (301, "", .badReply), (101, "", .badReply),
        ] as [(Int, String, FailureClass?)])
    func `without tests of its own an answer is what its status says`(status: Int, body: String, expected: FailureClass?) throws {
        let definition = try #require(ProviderCatalog.definitions(faults: .init())["pulsecrm"])
        let redactor = Redactor(definition: definition, values: ValueScope())
        #expect(Self.reader(status, body).failure(success: SuccessRule(), errors: ErrorRules(), redactor: redactor)?.failureClass == expected)
    }

    @Test(
        arguments: [
            ("text/plain", "  tok-123\r\n", "tok-123"), ("application/json", #""tok-123""#, "tok-123"), ("text/html", "tok-123", nil),
            ("text/plain", " \n", nil),
        ] as [(String, String, String?)])
    func `a body that is the token`(type: String, body: String, token: String?) {
        let found = ReplyReader(.make(200, body, type: type, clocks: FakeClocks())).value(.body)
        #expect(found?.text == token)
    }

    @Test(arguments: ["a b", "a,b", "a;b", "a\"b", "a\u{7F}", "é", "", String(repeating: "x", count: 16_385)]) func `is no token`(text: String) {
        let body = JSONValue.object(["t": .string(text)]).jsonText
        #expect(throws: LoginFailure.self) { try Self.reader(200, body).token(Self.json("/t")) }
    }
}
