import Patterns
import Testing

/// Patterns: what they mean, and that no text makes them run away.
@Suite struct PatternTests {
    @Test(arguments: [
        ("[a-z0-9-]{1,64}", "acme-7", true), ("[a-z0-9-]{1,64}", "acme_7", false), ("a|ab", "ab", true), ("", "", true), ("", "a", false),
        // Anchored at both ends: no newline is swallowed.
        ("a", "a\n", false), ("a$", "a\n", false), ("^a$", "xa", false), (".", "\n", false),
        // ASCII classes, and characters outside ASCII as one.
        ("\\d+", "123", true), ("\\d+", "\u{0661}", false), ("\\w", "\u{E9}", false), (".", "\u{E9}", true), ("caf.", "cafe\u{301}", false),
        ("[[:alpha:]]", "\u{E9}", false), ("(?i)k", "K", true),
    ])
    func `pattern matches the whole text`(text: String, subject: String, isMatch: Bool) throws {
        #expect(try Pattern(text).matches(subject) == isMatch)
    }

    @Test(
        arguments: [
            ("in ([0-9]+) seconds?", "Try again in 60 seconds.", "60"), ("[0-9]+", "a 12 b 34", "12"), ("x(y)?", "x", nil), ("b$", "b\n", nil),
            ("nothing", "text", nil), ("(a)|(b)", "b", nil), ("\u{E9}(.)", "caf\u{E9}s", "s"),
        ] as [(String, String, String?)])
    func `a value is the group of the first match, or all of it`(text: String, subject: String, value: String?) throws {
        #expect(try Pattern(text).value(in: subject) == value)
    }

    @Test func `a test needs the match alone, whatever its group`() throws {
        #expect(try Pattern("rate( limit)?").isFound(in: "the rate"))
        #expect(try !Pattern("rate").isFound(in: "Rate"))
    }

    @Test(arguments: [
        ("^(a+)+$", String(repeating: "a", count: 35) + "!"), ("(a|aa)+$", String(repeating: "a", count: 60) + "b"),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", String(repeating: "a", count: 60)), ("^(a|b|ab)*$", String(repeating: "ab", count: 40) + "!"),
    ])
    func `no text makes a pattern run away`(text: String, subject: String) throws {
        let pattern = try Pattern(text)
        let limit = #expect(throws: PatternLimit.self) { try pattern.isFound(in: subject) }
        #expect(limit?.message.contains(text) == true)
        #expect(throws: PatternLimit.self) { try pattern.matches(subject) }
    }

    @Test func `what tokens look like is within the limits`() throws {
        let token = String(repeating: "Ab0-_", count: 13_000)
        #expect(try Pattern("[A-Za-z0-9_-]+").matches(token))
        #expect(try Pattern("(?:[A-Za-z0-9]|[-_])+").matches(String(token.prefix(16_000))))
        #expect(try Pattern("^Bearer (.+)$").value(in: "Bearer \(token)") == token)
    }

    @Test(arguments: [("(", "byte 2"), ("[a", "byte 3"), ("a{2,1}", "byte"), ("\\C", "byte"), ("(*UCP)\\d", "byte"), ("*", "byte 1")])
    func `what is no pattern says where`(text: String, place: String) {
        let fault = #expect(throws: PatternFault.self) { try Pattern(text) }
        #expect(fault?.message.contains(place) == true, "\(fault?.message ?? "")")
    }

    @Test func `a pattern has a longest length`() {
        #expect(throws: PatternFault.self) { try Pattern(String(repeating: "a", count: 4097)) }
    }
}
