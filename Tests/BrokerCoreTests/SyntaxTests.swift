import Configuration
import JSON
import Login
import OutboundHTTP
import Providers
import Secrets
import TestSupport
import Testing
import Time
import Tokens

@Suite struct SyntaxTests {
    @Test(arguments: [("90s", 90), ("15m", 900), ("24h", 86_400), ("7d", 604_800), ("1h30m", 5400)])
    func `a duration has a unit`(text: String, seconds: Int) {
        #expect(DurationSyntax.parse(text) == .seconds(seconds))
        #expect(DurationSyntax.parse(DurationSyntax.format(.seconds(seconds))) == .seconds(seconds))
    }

    @Test(arguments: ["", "15", "m", "-5s", "5 s", "1.5h", "15min", "99999999999s"]) func `anything else is no duration`(text: String) {
        #expect(DurationSyntax.parse(text) == nil)
    }

    @Test(arguments: [(240, "4 min"), (79_200, "22 h"), (90, "1 min 30 s"), (273_600, "3 d 4 h"), (0, "0 s"), (601, "10 min")])
    func `durations are told in words`(seconds: Int, words: String) {
        #expect(DurationSyntax.words(.seconds(seconds)) == words)
    }

    @Test(arguments: [("64KiB", 65_536), ("1MiB", 1_048_576), ("512B", 512)]) func `a size has a unit`(text: String, bytes: Int) {
        #expect(SizeSyntax.parse(text) == bytes)
        #expect(SizeSyntax.format(bytes) == text)
    }

    @Test(arguments: [
        ("2022-08-21T18:00:55.400174+05:45", 1_661_084_155, 400_174_000), ("1970-01-01T00:00:00Z", 0, 0), ("2024-02-29T23:59:60Z", 1_709_251_200, 0),
        ("2026-11-21T10:15:00-0800", 1_795_284_900, 0),
    ]) func `an RFC 3339 time is read to the nanosecond`(text: String, seconds: Int64, nanoseconds: Int64) {
        #expect(CalendarTime.parseRFC3339(text) == WallTime(nanoseconds: seconds * 1_000_000_000 + nanoseconds))
    }

    @Test(arguments: [
        "2022-08-21T18:00:55", "2022-08-21", "2022-02-30T00:00:00Z", "2022-08-21T25:00:00Z", "2022-08-21T18:00:55.Z", "2022-08-21T18:00:55Z ",
    ])
    func `a time without offset, or none, is not guessed`(text: String) {
        #expect(CalendarTime.parseRFC3339(text) == nil)
    }

    @Test func `a zone stands in for a missing offset alone`() {
        #expect(CalendarTime.parseRFC3339("1970-01-01T05:45:00", zone: .seconds(20_700)) == WallTime(seconds: 0))
        #expect(CalendarTime.parseRFC3339("1970-01-01T00:00:00Z", zone: .seconds(20_700)) == WallTime(seconds: 0))
    }

    @Test func `IMF-fixdate is read, its obsolete forms are not`() {
        #expect(CalendarTime.parseIMFFixdate("Sun, 06 Nov 1994 08:49:37 GMT") == WallTime(seconds: 784_111_777))
        #expect(CalendarTime.parseIMFFixdate("Sunday, 06-Nov-94 08:49:37 GMT") == nil)
        #expect(CalendarTime.parseIMFFixdate("Sun Nov  6 08:49:37 1994") == nil)
    }

    @Test(arguments: [Int64(0), 951_782_400, 1_709_164_800, 4_107_542_399, -1]) func `a time is written as it was read`(seconds: Int64) {
        #expect(CalendarTime.parseRFC3339(CalendarTime.rfc3339(WallTime(seconds: seconds))) == WallTime(seconds: seconds))
    }

    @Test(arguments: [("", "the whole"), ("/a", "b"), ("/x~1y", "slash"), ("/m~0n", "tilde"), ("/list/1", "two")])
    func `a JSON Pointer finds its value`(pointer: String, text: String) throws {
        let document = try #require(JSONValue(parsing: Array(#"{"a":"b","x/y":"slash","m~n":"tilde","list":["one","two"]}"#.utf8)))
        let found = try #require(JSONPointer(pointer)).resolve(in: document)
        if pointer.isEmpty { #expect(found == document) } else { #expect(found == .string(text)) }
        #expect(JSONPointer("a") == nil)
        #expect(JSONPointer("/~2") == nil)
        #expect(JSONPointer("/list/01")?.resolve(in: document) == nil)
    }

    @Test(arguments: [
        ("zapper*", "zapper-jo", true), ("zapper*", "zap", false), ("*", "", true), ("a*c", "abbc", true), ("a*c", "acb", false), ("a", "aa", false),
    ])
    func `a pattern knows only the star`(pattern: String, name: String, matches: Bool) {
        #expect(NamePattern(pattern).matches(name) == matches)
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
        String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
    ]) func `what is not JSON is nothing`(text: String) {
        #expect(JSONValue(parsing: Array(text.utf8)) == nil)
    }

    @Test func `numbers and escapes are read exactly`() {
        let text = #"[9223372036854775807,-0,1.5e3,9223372036854775808,"\ud83d\ude00\u00e9\/\b"]"#
        let expected: [JSONValue] = [.integer(.max), .integer(0), .number(1500), .number(9_223_372_036_854_775_808), "😀é/\u{8}"]
        #expect(JSONValue(parsing: Array(text.utf8)) == .array(expected))
    }

    @Test func `base64url is read and written without padding`() {
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8($0 * 7 & 255) }
            #expect(Base64.decode(Base64.encode(bytes, .url).utf8, .url) == bytes)
        }
        #expect(Base64.decode("ab=c".utf8, .url) == nil)
    }

    @Test func `a secret shows itself nowhere by accident`() {
        let secret = Secret("hunter2-canary")
        var dumped = ""
        dump(secret, to: &dumped)
        dump(SecretReference.value(secret), to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), "\(SecretReference.value(secret))", "\([secret])", dumped] {
            #expect(!text.contains("hunter2"))
        }
        #expect(secret == Secret("hunter2-canary"))
        #expect(secret != Secret("hunter2-Canary"))
    }
}

@Suite struct TemplateTests {
    private func values(_ pairs: [String: String]) -> ValueScope { ValueScope(pairs.mapValues { Array($0.utf8) }) }

    @Test func `a value stays one value wherever it stands`() throws {
        let url = try URLTemplate("{base_url}/a/{id}/b?x={id}&y=1&z={gone}")
        let text = try url.render(values(["base_url": "https://h.example/p/", "id": "ä/?&{id}"]))
        #expect(text == "https://h.example/p/a/%C3%A4%2F%3F%26%7Bid%7D/b?x=%C3%A4%2F%3F%26%7Bid%7D&y=1")
    }

    @Test(arguments: ["", ".", ".."]) func `a path takes no empty and no dotted segment`(segment: String) throws {
        let url = try URLTemplate("https://h.example/{id}")
        #expect(throws: LoginFailure.self) { try url.render(values(["id": segment])) }
    }

    @Test(arguments: ["http://api.example.com", "ftp://a", "https://u@h", "https://h?x", "https://", "h.example"])
    func `a base URL is https to a host`(text: String) {
        #expect(BaseURL.problem(with: text) != nil)
    }

    @Test(arguments: ["https://api.example.com", "https://h:8443/p/q/", "http://127.0.0.1:8700", "http://[::1]:1"])
    func `or http to a loopback literal`(text: String) {
        #expect(BaseURL.problem(with: text) == nil)
    }

    @Test(arguments: ["{", "}", "{}", "{A}", "a{b", "{a b}"]) func `a lone brace is a fault`(text: String) {
        #expect(throws: TemplateFault.self) { try Template(text) }
    }

    @Test func `doubled braces are braces`() throws {
        #expect(try Template("{{x}}").parts == [.text("{x}")])
    }

    @Test(arguments: ["a\r\nX: y", "a\u{0}", "caf\u{e9}"]) func `a header takes no line break, NUL or non-ASCII`(value: String) throws {
        let provider = TestConfiguration.plainProvider.replacing("json: {secret: \"{secret}\"}", with: "headers: {x-key: \"{secret}\"}")
        let configuration = try TestConfiguration.read(provider + "tokens:\n  a: {provider: plain, inputs: {secret: {value: s}}}\n")
        let run = LoginRun(configuration.tokens[0].provider, values: values(["secret": value]))
        #expect(throws: LoginFailure.self) { try run.request() }
    }
}
