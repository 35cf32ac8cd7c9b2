import HTTPTypes
import OutboundHTTP
import Time

/// A cookie as an answer sets it (RFC 6265 §5.2).
struct SetCookie {
    let name: String
    let value: String
    /// `Max-Age` in seconds, which takes precedence over `Expires`.
    private var maximumAge: Double?
    private var expires: String?

    init?(_ line: String) {
        let parts = line.split(separator: ";", omittingEmptySubsequences: false).map { Self.trimmed($0) }
        guard let equals = parts.first?.firstIndex(of: "="), equals > parts[0].startIndex else { return nil }
        name = String(Self.trimmed(parts[0][..<equals]))
        value = String(Self.trimmed(parts[0][parts[0].index(after: equals)...]))
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { Self.trimmed($0) }
            guard pair.count == 2 else { continue }
            switch pair[0].lowercased() {
            case "max-age": maximumAge = DecimalText.value(pair[1])
            case "expires": expires = String(pair[1])
            default: break
            }
        }
    }

    /// How long it lives from the answer on: its Max-Age, or else its Expires against the answer's clock; nil where it says neither.
    func lifetime(_ reply: PartnerReply) -> Duration? {
        if let maximumLifetime { return maximumLifetime }
        let now = reply.sole(.date).flatMap(CalendarTime.parseIMFFixdate) ?? reply.receivedAtWall
        return end(now: now).map { $0 - now }
    }

    /// The moment of its Expires; some servers put hyphens between the date's parts.
    func end(now: WallTime) -> WallTime? {
        guard let expires else { return nil }
        if let moment = CalendarTime.parseHTTPDate(expires, now: now) { return moment }
        let zone = TimeZoneRules(offset: .zero)
        return ["%a, %d-%b-%Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S UTC"].lazy.compactMap { TimePattern.parse(expires, $0, zone: zone) }.first
    }

    /// How long it lives by its Max-Age.
    var maximumLifetime: Duration? { maximumAge.map { .seconds(min($0, CalendarTime.lastSecond)) } }

    /// Whether the answer takes the cookie away: it ends at once.
    func isDeleted(_ reply: PartnerReply) -> Bool { lifetime(reply).map { $0 <= .zero } ?? false }

    /// All cookies of an answer as a request sends them (RFC 6265 §4.2.1): the last of each name; nil where there is none.
    static func pairs(_ cookies: [SetCookie], _ reply: PartnerReply) -> String? {
        var last: [(name: String, cookie: SetCookie)] = []
        for cookie in cookies {
            last.removeAll { $0.name == cookie.name }
            if !cookie.isDeleted(reply) { last.append((cookie.name, cookie)) }
        }
        return last.isEmpty ? nil : last.map { "\($0.name)=\($0.cookie.value)" }.joined(separator: "; ")
    }

    private static func trimmed(_ text: some StringProtocol) -> Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return Substring(String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed()))
    }
}

private enum DecimalText {
    /// A whole number of seconds, which may be negative (RFC 6265 §5.2.2).
    static func value(_ text: Substring) -> Double? {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text
        return !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Double(text) : nil
    }
}
