import HTTPTypes
import JSON
import OutboundHTTP
import Providers
import Time
import Tokens

/// Determines how long a token lives (refresh.md, "Time" and "Expiry").
struct ExpiryReading {
    let reader: ReplyReader
    let token: JSONWebToken?

    /// The expiry from the first source that is present.
    ///
    /// The caller judges a lifetime that is too short: it is news about the token in hand, but a bad reply for another token.
    ///
    /// - Throws: `LoginFailure`, class bad reply, if that source has the wrong type or exceeds 400 days.
    func expiry(_ sources: [ExpirySource]) throws(LoginFailure) -> Expiry {
        let configured = sources.lazy.compactMap { if case .after(let duration) = $0 { duration } else { nil } }.first
        for source in sources {
            switch source {
            case .never:
                return Expiry(origin: .never)
            case .after(let duration):
                return Expiry(origin: .configured, lifetime: duration)
            case .claim(let claim):
                if let expiry = try claimed(claim, configured: configured) { return expiry }
            case .value(let source, let format):
                if let expiry = try field(source, format, configured: configured) { return expiry }
            }
        }
        throw reader.bad("the answer states no lifetime; set expires: [{after: …}] on the token")
    }

    private func claimed(_ claim: String, configured: Duration?) throws(LoginFailure) -> Expiry? {
        switch token?.date(claim) {
        case nil, .absent?: return nil
        case .wrong?: throw reader.bad("the token's claim \(claim) is not a date")
        case .moment(let end)?:
            // The difference of the token's own claims needs no clock.
            var longest = Duration?.none
            if case .moment(let issued)? = token?.date("iat") { longest = end - issued }
            return try measured(end, origin: .jwt, configured: configured, longest: longest)
        }
    }

    private func field(_ source: ValueSource, _ format: ExpirySource.Format, configured: Duration?) throws(LoginFailure) -> Expiry? {
        guard let found = reader.value(source), found != .null else { return nil }
        func wrong(_ wanted: String) -> LoginFailure { reader.bad("\(source) is not \(wanted)") }
        switch format {
        case .lifetime(let unit):
            guard let number = number(found), number > 0, number < 1e12 else { throw wrong("a lifetime") }
            return Expiry(origin: .field, lifetime: try checked(unit * number, source))
        case .rfc3339(let zone):
            guard let moment = found.text.flatMap({ CalendarTime.parseRFC3339($0, zone: zone) }) else {
                throw wrong("an RFC 3339 time with an offset")
            }
            return try measured(moment, origin: .field, configured: configured)
        case .unixSeconds:
            guard let number = number(found), number > 0, number < 9e9 else { throw wrong("a number of seconds since 1970") }
            return try measured(WallTime(nanoseconds: Int64(number * 1e9)), origin: .field, configured: configured)
        case .unixMilliseconds:
            guard let number = number(found), number > 0, number < 9e12 else { throw wrong("a number of milliseconds since 1970") }
            return try measured(WallTime(nanoseconds: Int64(number * 1e6)), origin: .field, configured: configured)
        }
    }

    private func number(_ value: JSONValue) -> Double? {
        switch value {
        case .integer(let number): Double(number)
        case .number(let number): number
        case .string(let text): Double(text)
        default: nil
        }
    }

    /// Turns an end on the partner's clock into a lifetime.
    ///
    /// It is measured against the partner's own `Date` if that is credible, so that a wrong local clock neither drops a valid
    /// token nor keeps an expired one.
    private func measured(_ end: WallTime, origin: Expiry.Origin, configured: Duration?, longest: Duration? = nil) throws(LoginFailure) -> Expiry {
        let reply = reader.reply
        var expiry = Expiry(origin: origin, stated: end)
        if let field = reply.fields[.date] {
            let age = reply.fields[.age].flatMap { Int64($0) } ?? 0
            if let date = CalendarTime.parseIMFFixdate(field) {
                // `Date` is truncated to a whole second: the partner's clock may be up to one second ahead of it.
                let lifetime = min(end - (date + .seconds(max(0, min(age, 86_400)) + 1)), longest ?? .seconds(Int64.max / 2))
                if isCredible(lifetime, configured: configured) {
                    expiry.lifetime = try checked(lifetime, nil)
                    expiry.clockSkew = reply.receivedAtWall - date
                    return expiry
                }
            }
            expiry.ignoredPartnerClock = true
        }
        expiry.lifetime = try checked(min(end - reply.sentAtWall, longest ?? .seconds(Int64.max / 2)), nil)
        return expiry
    }

    private func isCredible(_ lifetime: Duration, configured: Duration?) -> Bool {
        guard Expiry.range.contains(lifetime) else { return false }
        guard let configured else { return true }
        let difference = lifetime > configured ? lifetime - configured : configured - lifetime
        return difference <= configured / 10 + .seconds(60)
    }

    private func checked(_ lifetime: Duration, _ source: ValueSource?) throws(LoginFailure) -> Duration {
        guard lifetime <= Expiry.range.upperBound else {
            throw reader.bad("\(source.map(\.description) ?? "the stated end") gives a lifetime of more than 400 days")
        }
        return lifetime
    }
}

extension HTTPField.Name {
    fileprivate static var age: HTTPField.Name { HTTPField.Name("Age") ?? .date }
}
