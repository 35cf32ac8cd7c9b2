import HTTPTypes
import JSON
package import OutboundHTTP
import Patterns
import Providers
import Tokens

/// Reads an answer: evaluates a definition's sources and tests, and classifies failures.
package struct ReplyReader: Sendable {
    package let reply: PartnerReply
    let json: JSONValue?
    let xml = ParsedXML()
    /// The answers to earlier requests of the same login.
    let earlier: [ReplyReader]
    /// Values of the login, which sources may name.
    var scope: ValueScope

    /// Maximum length of a token or kept value.
    private static let maximumValueBytes = 65_536
    /// Patterns search at most this much of an answer.
    static let searchedBytes = 64 * 1024

    package init(_ reply: PartnerReply, earlier: [ReplyReader] = [], scope: ValueScope = ValueScope()) {
        self.reply = reply
        self.earlier = earlier
        self.scope = scope
        json = JSONValue(parsing: reply.body, leniently: true)
    }

    /// The token: 1 to 65,536 bytes of visible ASCII without `"`, `,`, `;` and space, so that a maintenance page never counts as one. A body
    /// that is the token may neither be a JSON literal, nor a short text, nor a word.
    ///
    /// - Parameter pattern: of the whole token; it replaces these rules.
    func token(_ list: SourceList, pattern: Pattern? = nil) throws(LoginFailure) -> [UInt8] {
        let values = list.sources.lazy.compactMap { source in value(source).map { (source, $0) } }
        guard let (source, found) = values.first else { throw missing(list) }
        guard case .string(let text) = found else { throw bad("\(source) is not a string, so it is not a token") }
        if text.unicodeScalars.contains("\u{FFFD}") { throw bad("\(source) holds bytes that are not UTF-8") }
        let bytes = Array(text.utf8)
        if let pattern {
            guard (1...Self.maximumValueBytes).contains(bytes.count), bytes.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw bad("\(source) holds a value that cannot be a token (1 to 65536 bytes of visible ASCII and space)")
            }
            if let problem = InputRule.problem(with: text, named: "\(source)", pattern: pattern) { throw bad("the token in \(problem)") }
            return bytes
        }
        // Of several cookies, the signs between them belong to the token.
        let isTokenByte: (UInt8) -> Bool = { byte in
            byte > 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x2C && byte != 0x3B
                || source.place == .allCookies && (0x20...0x7E).contains(byte)
        }
        guard (1...Self.maximumValueBytes).contains(bytes.count), bytes.allSatisfy(isTokenByte) else {
            throw bad(
                "\(source) holds a value that cannot be a token (1 to 65536 bytes of visible ASCII without \", comma and semicolon; token.pattern allows others)"
            )
        }
        if case .body = source.place, source.pattern == nil, let problem = BodyToken.problem(with: bytes) {
            throw bad("the body is no token: \(problem)")
        }
        return bytes
    }

    /// A refresh token's bytes, of visible ASCII and space (RFC 6749 appendix A.17); nil if the source is missing, null or empty.
    func refreshToken(_ source: SourceList) throws(LoginFailure) -> [UInt8]? {
        guard let found = value(source), found != .string("") else { return nil }
        guard case .string(let text) = found, text.utf8.count <= Self.maximumValueBytes, text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw bad("\(source) holds a value that cannot be a refresh token (1 to 65536 bytes of visible ASCII and space)")
        }
        return Array(text.utf8)
    }

    /// A kept value as text; nil if it is optional and missing or empty.
    ///
    /// - Parameter held: its value from an earlier answer.
    func keep(_ kept: KeptValue, held: String? = nil) throws(LoginFailure) -> [UInt8]? {
        guard let found = value(kept.source), found != .string("") else {
            if let held { return Array(held.utf8) }
            if kept.isOptional { return nil }
            throw missing(kept.source)
        }
        guard let text = found.scalarText, text.utf8.count <= Self.maximumValueBytes, !text.unicodeScalars.contains(where: Self.isUnfit) else {
            if kept.isOptional { return nil }
            throw bad("\(kept.source) holds a value that cannot be kept as \(kept.name)")
        }
        return Array(text.utf8)
    }

    /// A control character, or what stands for bytes that are not UTF-8.
    private static func isUnfit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar == "\u{FFFD}"
    }

    func missing(_ source: SourceList) -> LoginFailure {
        if isHTML { return bad("the answer is an HTML page") }
        if case .json? = source.sources.first?.place, json == nil { return bad("the answer is not JSON, so it has no \(source)") }
        if case .xml? = source.sources.first?.place, xml.root(of: reply) == nil {
            return bad("the answer is not well-formed XML, or declares entities, so it has no \(source)")
        }
        return bad("the answer has no \(source)")
    }

    func bad(_ reason: String) -> LoginFailure { LoginFailure(.badReply, reason, status: reply.status) }

    // MARK: Tests

    /// Whether every part of a test holds.
    ///
    /// - Throws: `LoginFailure`, class bad reply, if a pattern reaches its limits on this answer.
    func holds(_ test: ReplyTest) throws(LoginFailure) -> Bool {
        guard test.statuses.isEmpty || test.statuses.contains(where: { $0.matches(reply.status) }) else { return false }
        guard let source = test.source else { return true }
        for condition in test.conditions {
            guard try holds(condition, stated(source)) else { return false }
        }
        return true
    }

    private func holds(_ condition: ReplyTest.Condition, _ found: JSONValue?) throws(LoginFailure) -> Bool {
        switch condition {
        case .exists(let flag): return (found != nil && found != .null) == flag
        case .equals(let wanted): return found == wanted || Self.isSameNumber(found, wanted)
        case .matches(let pattern):
            guard let found else { return false }
            do throws(PatternLimit) {
                return try pattern.isFound(in: Self.searchedText(found))
            } catch {
                throw bad(error.message)
            }
        }
    }

    /// Whether both are numbers, and the same: 7 and 7.0 differ in JSON by their writing alone.
    private static func isSameNumber(_ one: JSONValue?, _ other: JSONValue) -> Bool {
        switch (one, other) {
        case (.integer(let one), .number(let other)), (.number(let other), .integer(let one)): Double(one) == other
        default: false
        }
    }

    /// What a pattern searches in a value: a string itself, the JSON text of anything else, 64 KiB at most.
    static func searchedText(_ value: JSONValue) -> String {
        String(decoding: (value.text ?? value.jsonText).utf8.prefix(searchedBytes), as: UTF8.self)
    }
}
