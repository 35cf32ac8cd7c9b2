import HTTPTypes
import JSON
import OutboundHTTP
import TestSupport
import Testing
import Time
import Tokens
import XML
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

    private static func json(_ pointer: String) -> SourceList { SourceList(.json(JSONPointer(pointer) ?? .root)) }

    static let conditions: [(source: SourceList, condition: ReplyTest.Condition, holds: Bool)] = [
        (json("/code"), .equals("OK"), true), (json("/code"), .equals("ok"), false), (json("/n"), .equals(7), true),
        (json("/n"), .equals("7"), false),
        (json("/flag"), .equals(true), true), (json("/nothing"), .equals(.null), true), (json("/zeros"), .equals("00"), true),
        (json("/zeros"), .equals(0), false), (json("/code"), .exists(true), true), (json("/gone"), .exists(true), false),
        (json("/gone"), .exists(false), true), (json("/sub"), .exists(true), true), (json("/code"), .matches(.known("^O")), true),
        (json("/code"), .matches(.known("o")), false), (json("/list"), .matches(.known(#""b""#)), true),
        (json("/gone"), .matches(.known(".")), false),
        (SourceList(.header(HTTPField.Name("X-State") ?? .date)), .matches(.known("really$")), true),
        (SourceList(.header(.date)), .exists(true), false),
        (SourceList(.text), .matches(.known("really")), false),
        (SourceList(.text), .matches(.known(#""n":7"#)), true),
    ]

    @Test(arguments: conditions) func `a condition holds`(source: SourceList, condition: ReplyTest.Condition, holds: Bool) throws {
        var test = ReplyTest()
        (test.source, test.conditions) = (source, [condition])
        let isHeld = try Self.reader().holds(test)
        #expect(isHeld == holds, "\(test)")
    }

    @Test(arguments: ["<r><t>abcdefghij</r>", "<!DOCTYPE r [<!ENTITY e 'x'>]><r><t>&e;</t></r>", "no markup"])
    func `what is not XML is said to be none`(body: String) throws {
        let list = SourceList(.xml(try #require(XMLPath("/r/t"))))
        do throws(LoginFailure) {
            _ = try Self.reader(200, body).token(list)
            Issue.record("a token of \(body)")
        } catch {
            #expect(error.reason.hasPrefix("the answer is not well-formed XML"))
        }
    }

    @Test func `a pause is read in the answer that its source names`() throws {
        let name = try #require(HTTPField.Name("X-Wait"))
        let first = Self.reader(200, fields: [("X-Wait", "60")])
        let reader = ReplyReader(.make(429, "", fields: [("X-Wait", "5")], clocks: FakeClocks()), earlier: [first])
        for (step, seconds) in [(0, 60), (1, 5), (nil, 5)] as [(Int?, Int)] {
            var errors = ErrorRules()
            errors.retryAfter = [RetryAfterSource(source: ValueSource(.header(name), step: step), unit: .seconds(1))]
            let failure = reader.failure(success: SuccessRule(), errors: errors, redactor: .ofNothing)
            #expect(failure?.retryAfter == .seconds(seconds))
        }
    }

    @Test func `a status must hold beside the source`() throws {
        var test = ReplyTest()
        test.statuses = [.exactly(401), .hundreds(5)]
        let held = try [401, 503, 402].map { try Self.reader($0).holds(test) }
        #expect(held == [true, true, false])
        (test.source, test.conditions) = (Self.json("/code"), [.equals("no")])
        #expect(try !Self.reader(401).holds(test))
    }

    @Test(
        arguments: [
            (200, "", nil), (204, "", nil), (401, "", .rejected), (400, #"{"error":"invalid_grant"}"#, .rejected), (400, "", .refused),
            (404, "", .refused),
            (407, "", .certificate), (408, "", .transient), (425, "", .transient), (429, "", .throttled), (500, "", .transient),
            (599, "", .transient),
            (301, "", .badReply), (101, "", .badReply), (403, "", .refused), (400, #"{"error":"temporarily_unavailable"}"#, .transient),
            (403, #"{"error":"server_error"}"#, .transient), (400, #"{"error":"slow_down"}"#, .transient),
            (400, #"{"error":"unauthorized_client"}"#, .rejected), (403, #"{"error":"invalid_client"}"#, .rejected),
            (400, #"{"error":"invalid_request"}"#, .refused), (401, #"{"error":"invalid_request"}"#, .rejected),
            (401, #"{"error":"server_error"}"#, .rejected), (429, #"{"error":"slow_down"}"#, .throttled),
            (500, #"{"error":"invalid_request"}"#, .transient), (503, #"{"error":"invalid_grant"}"#, .rejected),
        ] as [(Int, String, FailureClass?)])
    func `without tests of its own an answer is what its status says`(status: Int, body: String, expected: FailureClass?) throws {
        let definition = try #require(ProviderCatalog.definitions(faults: .init())["pulsecrm"])
        let redactor = Redactor(definition: definition, values: ValueScope())
        #expect(Self.reader(status, body).failure(success: SuccessRule(), errors: ErrorRules(), redactor: redactor)?.failureClass == expected)
    }

    private func failure(_ status: Int, _ body: String = "", fields: [(String, String)] = [], errors: ErrorRules = ErrorRules()) throws
        -> LoginFailure
    {
        let definition = try #require(ProviderCatalog.definitions(faults: .init())["pulsecrm"])
        let redactor = Redactor(definition: definition, values: ValueScope())
        return try #require(Self.reader(status, body, fields: fields).failure(success: SuccessRule(), errors: errors, redactor: redactor))
    }

    /// The fake clock stands at 2027-01-15T08:00:00Z.
    @Test(
        arguments: [
            (429, "30", 30), (429, "1800000030", 30), (429, "1800000030000", 30), (429, "Fri, 15 Jan 2027 08:05:00 GMT", 300),
            (429, "Friday, 15-Jan-27 08:05:00 GMT", 300), (429, "Fri Jan 15 08:05:00 2027", 300), (429, "-5", nil), (429, "soon", nil),
            (429, "1700000000", nil), (429, "Sunday, 06-Nov-94 08:49:37 GMT", nil), (429, "0x10", nil), (429, "", nil), (429, "999999", 86_400),
            (429, "5, 300", 300), (429, "300,300", 300), (503, "300", 300), (500, "300", 300), (503, "7200", 3600), (400, "60", 60), (403, "60", 60),
        ] as [(Int, String, Double?)])
    func `a pause is read in every form, and what is unusable counts as not stated`(status: Int, field: String, seconds: Double?) throws {
        let found = try failure(status, fields: [("Retry-After", field)])
        #expect(found.retryAfter?.inSeconds == seconds)
        #expect(found.failureClass == .throttled && found.pausesAccount == (status == 429))
    }

    @Test func `a pause of moments stays on the ladder, and that of an outage is its entry's by the definition's tests too`() throws {
        let moment = try failure(503, fields: [("Retry-After", "1")])
        #expect(moment.failureClass == .transient && moment.retryAfter == .seconds(1))
        var (errors, test) = (ErrorRules(), ReplyTest())
        test.statuses = [.exactly(503)]
        errors.throttled = [test]
        let outage = try failure(503, fields: [("Retry-After", "86400")], errors: errors)
        #expect(outage.failureClass == .throttled && !outage.pausesAccount && outage.retryAfter == .seconds(3600))
    }

    @Test func `a 503 without a usable pause is passing`() throws {
        #expect(try failure(503, fields: [("Retry-After", "soon")]).failureClass == .transient)
        #expect(try failure(503).failureClass == .transient)
    }

    @Test func `a moment is measured against the partner's own Date`() throws {
        let fields = [("Date", "Fri, 15 Jan 2027 09:00:00 GMT"), ("Retry-After", "Fri, 15 Jan 2027 09:00:40 GMT")]
        #expect(try failure(429, fields: fields).retryAfter == .seconds(40))
    }

    @Test(
        arguments: [
            (#"{"error":"invalid_client","error_description":"no such client"}"#, "no such client"), (#"{"error":{"message":"gone"}}"#, "gone"),
            (#"{"message":"locked out"}"#, "locked out"), (#"{"detail":"inactive"}"#, "inactive"), (#"{"error":"Unauthorized"}"#, "Unauthorized"),
            ("", nil),
        ] as [(String, String?)])
    func `what the partner said reaches the operator`(body: String, message: String?) throws {
        #expect(try failure(403, body).partnerMessage == message)
    }

    @Test func `an OAuth2 error in a success is read by its word`() throws {
        let definition = try #require(ProviderCatalog.definitions(faults: .init())["pulsecrm"])
        let redactor = Redactor(definition: definition, values: ValueScope())
        func read(_ body: String) -> LoginFailure? { Self.reader(200, body).failure(withoutToken: ErrorRules(), redactor: redactor) }
        let rejected = read(#"{"error":"invalid_client","error_description":"x"}"#)
        #expect(rejected?.failureClass == .rejected && rejected?.partnerMessage == "x" && rejected?.rejectsGrant == false)
        #expect(read(#"{"error":"invalid_grant"}"#)?.rejectsGrant == true)
        #expect(read(#"{"error":"temporarily_unavailable"}"#)?.failureClass == .transient)
        #expect(read(#"{"error":"bad_refresh_token"}"#)?.failureClass == .refused)
        #expect(read(#"{"error":null}"#) == nil && read("{}") == nil)
    }

    @Test(arguments: ["Sat, 01 Jan 0001 00:00:00 GMT", "Tue, 21 Sep 1677 00:12:43 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"])
    func `no Date of a partner is too early or too late for a pause`(date: String) {
        for pause in ["Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "9999999999", "1e18", "-1"] {
            let reader = ReplyReader(.make(429, "", fields: [("Date", date), ("Retry-After", pause)], clocks: FakeClocks()))
            let redactor = Redactor(
                definition: ProviderDefinition(name: "p", title: "p", token: TokenReading(source: Self.json("/t"))), values: ValueScope())
            let failure = reader.failure(success: SuccessRule(), errors: ErrorRules(), redactor: redactor)
            #expect(failure?.failureClass == .throttled)
            #expect(failure?.retryAfter.map { $0 <= .seconds(86_400) } ?? true)
        }
    }

    @Test func `a pattern that runs away on an answer is a bad reply that names it`() throws {
        var errors = ErrorRules()
        errors.rejected = [ReplyTest(source: Self.json("/e"), conditions: [.matches(.known("^(a+)+$"))])]
        let reader = ReplyReader(.make(400, #"{"e":"\#(String(repeating: "a", count: 35))!"}"#, clocks: FakeClocks()))
        let redactor = Redactor(
            definition: ProviderDefinition(name: "p", title: "p", token: TokenReading(source: Self.json("/t"))), values: ValueScope())
        let failure = reader.failure(success: SuccessRule(), errors: errors, redactor: redactor)
        #expect(failure?.failureClass == .badReply && failure?.reason.contains("^(a+)+$") == true)
    }

    @Test func `all conditions of a test hold together, and null is not there`() throws {
        var test = ReplyTest()
        (test.source, test.conditions) = (Self.json("/code"), [.equals("OK"), .matches(.known("nope"))])
        #expect(try !Self.reader().holds(test))
        (test.source, test.conditions) = (Self.json("/nothing"), [.exists(true)])
        #expect(try !Self.reader().holds(test))
    }

    @Test(
        arguments: [
            ("text/plain", "  tok-12345\r\n", "tok-12345"), ("application/json", #""tok-12345""#, "tok-12345"), ("text/html", "tok-12345", nil),
            ("text/plain", " \n", nil), ("text/plain", "\u{FEFF}tok-12345", "tok-12345"),
        ] as [(String, String, String?)])
    func `a body that is the token`(type: String, body: String, token: String?) {
        let reader = ReplyReader(.make(200, body, type: type, clocks: FakeClocks()))
        let found = try? reader.token(SourceList(.body(allowsHTML: false)))
        #expect(found.map { String(decoding: $0, as: UTF8.self) } == token)
    }

    @Test(
        arguments: [
            "null", "true", "0", "12345678901", "undefined", "Unauthorized", "maintenance", "<html><body>x</body></html>", "<token>abcdef</token>",
            #"{"error":"x"}"#, "[1,2,3,4,5]", "short", "access_denied", "Unauthorized.", "Not-Found", "invalid_client", "-1.5e300",
        ])
    func `a body that is no token`(body: String) {
        let reader = ReplyReader(.make(200, body, type: "text/plain", clocks: FakeClocks()))
        #expect(throws: LoginFailure.self) { try reader.token(SourceList(.body(allowsHTML: false))) }
    }

    @Test func `an HTML page counts where the definition expects it`() throws {
        let reader = ReplyReader(.make(200, "tok-12345", type: "text/html; charset=utf-8", clocks: FakeClocks()))
        #expect(try reader.token(SourceList(.body(allowsHTML: true))) == Array("tok-12345".utf8))
        #expect(throws: LoginFailure.self) { try reader.token(SourceList(.body(allowsHTML: false))) }
    }

    @Test(
        arguments: [
            [0xEF, 0xBB, 0xBF] + Array(#"{"t":"tok"}"#.utf8), Array(#"{"name":"Caf"#.utf8) + [0xE9] + Array(#"","t":"tok"}"#.utf8),
            Array(#"{"name":"\ud83d","t":"tok"}"#.utf8), Array(#"{"n":1e400,"t":"tok"}"#.utf8), Array("{\"name\":\"a\u{01}\nb\",\"t\":\"tok\"}".utf8),
        ] as [[UInt8]])
    func `junk in members that nobody reads hides no token`(body: [UInt8]) throws {
        let clocks = FakeClocks()
        let reply = PartnerReply(
            status: 200, fields: [:], body: body, sentAt: clocks.boot, sentAtWall: clocks.wall, receivedAtWall: clocks.wall)
        #expect(try ReplyReader(reply).token(Self.json("/t")) == Array("tok".utf8))
    }

    @Test func `a kept value may be any text`() throws {
        let reader = Self.reader(200, #"{"name":"Café","none":"","bad":"\ud83d"}"#)
        #expect(try reader.keep(KeptValue(name: "n", source: Self.json("/name"), isOptional: false)) == Array("Café".utf8))
        #expect(try reader.keep(KeptValue(name: "n", source: Self.json("/none"), isOptional: true)) == nil)
        #expect(try reader.keep(KeptValue(name: "n", source: Self.json("/bad"), isOptional: true)) == nil)
        #expect(throws: LoginFailure.self) { try reader.keep(KeptValue(name: "n", source: Self.json("/bad"), isOptional: false)) }
    }

    @Test(arguments: ["a b", "a,b", "a;b", "a\"b", "a\u{7F}", "é", "", String(repeating: "x", count: 65_537)]) func `is no token`(text: String) {
        let body = JSONValue.object(["t": .string(text)]).jsonText
        #expect(throws: LoginFailure.self) { try Self.reader(200, body).token(Self.json("/t")) }
    }
}
