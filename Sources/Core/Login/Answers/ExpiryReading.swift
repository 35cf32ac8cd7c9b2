import HTTPTypes
import JSON
import OutboundHTTP
import Providers
import Time
import Tokens

/// Determines how long a token lives: never longer than anything its answer says.
struct ExpiryReading {
    let reader: ReplyReader
    let token: JSONWebToken?
    /// Whether the token's own `exp` means nothing at this partner.
    let ignoresClaim: Bool
    /// Whether an `Age` that leaves no life is ignored.
    let toleratesAge: Bool
    /// How old the answer says it is (RFC 9111 §5.1).
    private var age = Duration.zero

    init(reader: ReplyReader, token: JSONWebToken?, ignoresClaim: Bool = false, toleratesAge: Bool = false) {
        self.reader = reader
        self.token = token
        self.ignoresClaim = ignoresClaim
        self.toleratesAge = toleratesAge
        // One line with one number (RFC 9111 §5.1); of more, the oldest counts.
        let ages = reader.reply.fields.members(.age).compactMap(DecimalNumber.value)
        if let seconds = ages.max() {
            age = max(.zero, min(.seconds(min(seconds, CalendarTime.lastSecond)), Expiry.range.upperBound))
        }
    }

    /// The expiry from the first source that says something, and never past the `exp` of a token that is a JSON Web Token.
    ///
    /// A source that is absent, empty, of another type, no number, zero, negative or beyond any clock says nothing. The caller judges a
    /// lifetime that is too short, or 0 where no source says more: it is news about the token in hand, but a bad reply for another token.
    ///
    /// - Throws: `LoginFailure`, class bad reply, if no source says anything.
    func expiry(_ sources: [ExpirySource]) throws(LoginFailure) -> Expiry {
        var found = try firstExpiry(sources)
        guard let left = found.lifetime, left < Expiry.range.lowerBound else { return found }
        var ageless = self
        ageless.age = .zero
        var longer = try ageless.firstExpiry(sources)
        guard let whole = longer.lifetime, whole >= Expiry.range.lowerBound else { return found }
        longer.ignoredSources.append("header Age")
        longer.ignoredAge = true
        found.isAged = true
        return toleratesAge ? longer : found
    }

    private func firstExpiry(_ sources: [ExpirySource]) throws(LoginFailure) -> Expiry {
        let relative = sources.lazy.compactMap(relativeLifetime).first
        var ignored: [String] = []
        for source in sources {
            guard let found = read(source, relative: relative) else {
                if let name = presentName(of: source) { ignored.append(name) }
                continue
            }
            var expiry = capped(found, relative: relative)
            expiry.ignoredSources = ignored
            return expiry
        }
        guard sources.contains(where: statesZero) else { throw reader.bad("the answer states no lifetime; set expires: [{after: …}] on the token") }
        var nothing = Expiry(origin: .field, lifetime: .zero)
        nothing.ignoredSources = ignored
        return nothing
    }

    private func read(_ source: ExpirySource, relative: Duration?) -> Expiry? {
        switch source {
        case .never: return Expiry(origin: .never)
        case .after(let duration): return Expiry(origin: .configured, lifetime: duration)
        case .claim(let claim): return token?.date(claim).map { measured($0, origin: .jwt, relative: relative, longest: ownLength(until: $0)) }
        case .value(let list, let formats):
            for found in list.sources.lazy.compactMap(value) {
                for format in formats {
                    if let lifetime = lifetime(found, format) { return stated(lifetime) }
                    if let moment = moment(found, format) { return measured(moment, origin: .field, relative: relative) }
                }
            }
            return nil
        case .cookie(let name, let step): return cookieExpiry(name, step, relative: relative)
        }
    }

    /// The end of a life that the answer states as a length of time.
    private func stated(_ lifetime: Duration) -> Expiry { Expiry(origin: .field, lifetime: min(lifetime - age, Expiry.range.upperBound)) }

    /// The end of a cookie, or of the first of all to end.
    private func cookieExpiry(_ name: String?, _ step: Int?, relative: Duration?) -> Expiry? {
        let ends = cookies(name, step).compactMap { cookie -> Expiry? in
            if let lifetime = cookie.maximumLifetime { return lifetime > .zero ? stated(lifetime) : nil }
            return cookie.end(now: reader.reply.receivedAtWall).map { measured($0, origin: .field, relative: relative) }
        }
        return ends.min { ($0.lifetime ?? .zero) < ($1.lifetime ?? .zero) }
    }

    private func cookies(_ name: String?, _ step: Int?) -> [SetCookie] {
        let answer = reader.answer(ofStep: step) ?? reader
        // A later field replaces an earlier one of the same name (RFC 6265 §5.3).
        let last = Dictionary(answer.cookies.map { ($0.name, $0) }) { $1 }
        return last.values.filter { (name == nil || $0.name == name) && !$0.isDeleted(answer.reply) }
    }

    /// The name of a source that is there and says nothing.
    private func presentName(of source: ExpirySource) -> String? {
        switch source {
        case .never, .after: return nil
        case .claim(let claim): return token?.claims[claim] == nil ? nil : "claim \(claim)"
        case .value(let list, _): return reader.value(list) == nil ? nil : list.description
        case .cookie(let name, let step): return cookies(name, step).isEmpty ? nil : name.map { "cookie \($0)" } ?? "cookies"
        }
    }

    /// A JSON Web Token ends by its own `exp`, listed or not.
    private func capped(_ expiry: Expiry, relative: Duration?) -> Expiry {
        guard !ignoresClaim, let end = token?.date("exp") else { return expiry }
        let own = measured(end, origin: .jwt, relative: relative, longest: ownLength(until: end))
        guard let longest = own.lifetime, expiry.lifetime.map({ $0 > longest }) ?? true else { return expiry }
        return own
    }

    /// The difference of the token's own claims, which needs no clock.
    private func ownLength(until end: WallTime) -> Duration? { token?.date("iat").map { end - $0 } }

    // MARK: Values

    /// Whether a source states a lifetime of 0: it says nothing, except that the token in hand may have less than a second left.
    private func statesZero(_ source: ExpirySource) -> Bool {
        guard case .value(let list, let formats) = source, formats.contains(where: \.isRelative) else { return false }
        return reader.value(list)?.decimalValue == 0
    }

    /// A lifetime the answer itself states, whichever source is used.
    private func relativeLifetime(_ source: ExpirySource) -> Duration? {
        switch source {
        case .value(let list, let formats):
            list.sources.lazy.compactMap(value).compactMap { found in formats.lazy.compactMap { lifetime(found, $0) }.first }.first
        case .cookie(let name, let step):
            cookies(name, step).compactMap(\.maximumLifetime).min()
        case .claim, .after, .never: nil
        }
    }

    /// The value at a source, a text without the white space around it.
    private func value(_ source: ValueSource) -> JSONValue? {
        guard let found = reader.value(source) else { return nil }
        guard case .string(let text) = found else { return found }
        let isSpace: (Character) -> Bool = { $0.isASCII && $0.isWhitespace }
        return .string(String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed()))
    }

    private func lifetime(_ found: JSONValue, _ format: ExpirySource.Format) -> Duration? {
        switch format {
        case .lifetime(let unit):
            guard let number = found.decimalValue, number > 0, number * unit.inSeconds <= CalendarTime.lastSecond else { return nil }
            return unit * number
        case .daysHoursMinutes:
            let parts = found.text?.split(separator: ":", omittingEmptySubsequences: false) ?? []
            let numbers = parts.compactMap { part in part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(part) : nil }
            guard parts.count == 3, numbers.count == 3, numbers[0] <= 100_000, numbers[1] < 24, numbers[2] < 60 else { return nil }
            let lifetime = Duration.seconds(numbers[0] * 86_400 + numbers[1] * 3600 + numbers[2] * 60)
            return lifetime > .zero ? lifetime : nil
        case .rfc3339, .unixSeconds, .unixMilliseconds, .httpDate, .pattern: return nil
        }
    }

    private func moment(_ found: JSONValue, _ format: ExpirySource.Format) -> WallTime? {
        func seconds(_ scale: Double) -> WallTime? {
            guard let number = found.decimalValue, number > 0, number * scale <= CalendarTime.lastSecond else { return nil }
            return WallTime(fractionalSeconds: number * scale)
        }
        switch format {
        case .lifetime, .daysHoursMinutes: return nil
        case .rfc3339(let zone):
            guard let text = found.text else { return nil }
            if let moment = CalendarTime.parseRFC3339(text) { return moment }
            return zone.flatMap { zone in CalendarTime.parseRFC3339(text, zone: .zero).map(zone.moment(ofLocal:)) }
        case .unixSeconds: return seconds(1)
        case .unixMilliseconds: return seconds(1e-3)
        case .httpDate: return found.text.flatMap { CalendarTime.parseHTTPDate($0, now: reader.reply.receivedAtWall) }
        case .pattern(let pattern, let zone): return found.scalarText.flatMap { TimePattern.parse($0, pattern, zone: zone) }
        }
    }

    // MARK: Clocks

    /// How long after its request the token begins to be valid, by its `nbf` against the answer's own `Date`; nil for less than 10 s, which
    /// clocks may differ by.
    ///
    /// - Throws: `LoginFailure`, class bad reply, for more than 5 min.
    func delay() throws(LoginFailure) -> Duration? {
        guard let start = token?.date("nbf"), let date = reader.reply.sole(.date).flatMap(CalendarTime.parseIMFFixdate) else { return nil }
        let ahead = start - date
        guard ahead >= .seconds(10) else { return nil }
        guard ahead <= .seconds(300) else { throw reader.bad("the token is not valid before \(CalendarTime.rfc3339(start)), over 5 min ahead") }
        // `Date` is truncated to a whole second, and written while the request was under way.
        return ahead + transit
    }

    /// How long the request was under way, up to 2 min.
    private var transit: Duration { min(max(reader.reply.receivedAtWall - reader.reply.sentAtWall, .zero), .seconds(120)) }

    /// Turns an end on the partner's clock into a lifetime.
    ///
    /// It is measured against the partner's own `Date` if that is credible, so that a wrong local clock neither drops a valid
    /// token nor keeps an expired one.
    private func measured(_ end: WallTime, origin: Expiry.Origin, relative: Duration?, longest: Duration? = nil) -> Expiry {
        let reply = reader.reply
        var expiry = Expiry(origin: origin, stated: end)
        func bounded(_ lifetime: Duration) -> Duration { min(lifetime, longest ?? lifetime, Expiry.range.upperBound) }
        if let field = reply.sole(.date) {
            if let date = CalendarTime.parseIMFFixdate(field) {
                // `Date` is truncated to a whole second: the partner's clock may be up to one second ahead of it.
                let lifetime = bounded(end - (date + age + .seconds(1)))
                if isCredible(lifetime, relative: relative) {
                    expiry.lifetime = max(lifetime, .milliseconds(1))
                    expiry.clockSkew = reply.receivedAtWall - date
                    return expiry
                }
                expiry.ignoredPartnerClock = true
                // Which clock is wrong is not known. A web token must not outlive its own end by either, so that the shorter life counts.
                let local = bounded(end - reply.sentAtWall)
                expiry.lifetime = origin == .jwt && Expiry.range.contains(lifetime) ? min(local, lifetime) : local
                return expiry
            }
            expiry.ignoredPartnerClock = true
        }
        expiry.lifetime = bounded(end - reply.sentAtWall)
        return expiry
    }

    /// Whether a lifetime by the partner's clock is possible, and fits the lifetime that the answer also states.
    ///
    /// An end that came after the request was sent is credible, although nothing is left: by another clock, a token that lived for a moment
    /// could seem to live for hours. Both moments may be truncated to whole seconds.
    private func isCredible(_ lifetime: Duration, relative: Duration?) -> Bool {
        guard lifetime >= .seconds(-2) - transit, lifetime <= Expiry.range.upperBound else { return false }
        guard let relative = relative.map({ min($0 - age, Expiry.range.upperBound) }) else { return true }
        let difference = lifetime > relative ? lifetime - relative : relative - lifetime
        return difference <= relative / 10 + .seconds(60)
    }
}

extension HTTPField.Name {
    fileprivate static var age: HTTPField.Name { HTTPField.Name("Age") ?? .date }
}
