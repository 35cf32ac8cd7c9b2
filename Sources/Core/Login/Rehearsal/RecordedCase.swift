import HTTPTypes
package import OutboundHTTP
package import Secrets
package import Time

/// A recorded login: what goes in, the exchanges with the partner, and what must come of it. Read from a text file:
///
///     # expect: token                    or a class of failure, with a pause: `throttled 1m`
///     # says: 1h, Authorization          lifetime and headers, or the partner's words as an operator sees them
///     # given: api_key=abc               an input; `name=@file` reads a file beside this one
///     # key: private_key rsa           an input that is a new key: rsa, ec or ed25519; `rsa PASSPHRASE` encrypts it
///     # now: 2026-01-02T03:04:05Z        the clock; without it the answer's Date
///     # refresh: old-token               a refresh with this refresh token, in place of a login
///     > POST https://api.example.com/v1  the request as it must be: line, fields, an empty line, body
///     > Authorization: Basic YTpi
///     200                                the answer: status, fields, an empty line, body
///     Content-Type: application/json
///
///     {"access_token": "abc"}
///     ---                                the next exchange
package struct RecordedCase: Sendable {
    package struct Exchange: Sendable {
        /// `METHOD URL`; nil: not compared.
        package var requestLine: String?
        package var fields: [(name: String, value: String)] = []
        package var body: String?
        package var reply: PartnerReply
    }

    package let name: String
    package private(set) var expected = ""
    /// Nil: not compared.
    package private(set) var says: String?
    package private(set) var given: [(name: String, value: String)] = []
    package private(set) var keys: [(name: String, kind: TestKey.Kind, passphrase: String)] = []
    package private(set) var refreshToken: String?
    package private(set) var exchanges: [Exchange] = []
    package private(set) var now = WallTime(seconds: 1_700_000_000)

    /// - Throws: `CaseFault`, which says what the text lacks.
    package init(_ text: String, name: String) throws(CaseFault) {
        self.name = name
        var lines = text.replacing("\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        let end = lines.firstIndex { !$0.hasPrefix("#") } ?? lines.count
        var now: WallTime?
        for line in lines[..<end] {
            guard let (key, value) = Self.comment(line) else { continue }
            switch key {
            case "expect": expected = value
            case "says": says = value
            case "refresh": refreshToken = value
            case "given":
                guard let equals = value.firstIndex(of: "=") else { throw CaseFault(message: "# given: \(value) must be NAME=VALUE") }
                given.append((String(value[..<equals]), String(value[value.index(after: equals)...])))
            case "key":
                let words = value.split(separator: " ").map(String.init)
                guard words.count >= 2, words.count <= 3, let kind = TestKey.Kind(rawValue: words[1]) else {
                    throw CaseFault(message: "# key: \(value) must be NAME and rsa, ec or ed25519, with a passphrase where it is encrypted")
                }
                keys.append((words[0], kind, words.count > 2 ? words[2] : ""))
            case "now":
                now = CalendarTime.parseRFC3339(value)
                if now == nil { throw CaseFault(message: "# now: \(value) must be a time such as 2026-01-02T03:04:05Z") }
            default: break
            }
        }
        if expected.isEmpty { throw CaseFault(message: "# expect: is missing: token, or a class of failure such as rejected") }
        var date: WallTime?
        for part in lines[end...].split(separator: "---", omittingEmptySubsequences: false) where !part.allSatisfy(\.isEmpty) {
            let exchange = try Self.exchange(Array(part))
            date = date ?? exchange.reply.fields[.date].flatMap(CalendarTime.parseIMFFixdate)
            exchanges.append(exchange)
        }
        self.now = now ?? date ?? self.now
        for index in exchanges.indices { exchanges[index].reply.sentAtWall = self.now }
        for index in exchanges.indices { exchanges[index].reply.receivedAtWall = self.now }
    }

    private static func comment(_ line: String) -> (String, String)? {
        let parts = line.dropFirst().split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        return (String(parts[0].drop { $0 == " " }), String(parts[1].drop { $0 == " " }))
    }

    private static func exchange(_ lines: [String]) throws(CaseFault) -> Exchange {
        let asked = lines.prefix { $0.hasPrefix(">") }.map { String($0.dropFirst($0.hasPrefix("> ") ? 2 : 1)) }
        let answered = Array(lines.dropFirst(asked.count))
        guard let line = answered.first, let status = Int(line), (100...599).contains(status) else {
            throw CaseFault(message: "an exchange has no status: a line such as 200 begins the answer")
        }
        let (fields, body) = try message(answered.dropFirst())
        var replyFields = HTTPFields()
        for (name, value) in fields {
            guard let name = HTTPField.Name(name) else { throw CaseFault(message: "\(name) is not a field name") }
            replyFields.append(HTTPField(name: name, value: value))
        }
        let start = BootInstant(nanoseconds: 0)
        var exchange = Exchange(
            reply: PartnerReply(
                status: status, fields: replyFields, body: Array((body ?? "").utf8), sentAt: start, sentAtWall: WallTime(seconds: 0),
                receivedAtWall: WallTime(seconds: 0)))
        exchange.requestLine = asked.first
        (exchange.fields, exchange.body) = try message(asked.dropFirst())
        return exchange
    }

    private static func message(_ lines: some Collection<String>) throws(CaseFault) -> ([(name: String, value: String)], String?) {
        let head = lines.prefix { !$0.isEmpty }
        var fields: [(name: String, value: String)] = []
        for line in head {
            guard let colon = line.firstIndex(of: ":") else { throw CaseFault(message: "\(line) is not a field: NAME: VALUE") }
            fields.append((String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " })))
        }
        let rest = Array(lines.dropFirst(head.count))
        return (fields, rest.isEmpty ? nil : rest.dropFirst().joined(separator: "\n"))
    }
}

/// Why a text is no recorded case.
package struct CaseFault: Error, Sendable {
    package let message: String

    package init(message: String) {
        self.message = message
    }
}
