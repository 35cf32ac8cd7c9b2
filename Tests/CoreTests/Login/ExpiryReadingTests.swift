import HTTPTypes
import JSON
import OutboundHTTP
import Providers
import Secrets
import TestSupport
import Testing
import Time
import Tokens

@testable import Login

/// How long a token lives, by what its answer says.
@Suite struct ExpiryReadingTests {
    /// The fake wall clock's moment: 2027-01-15T08:00:00Z.
    private static let now: Int64 = 1_800_000_000

    private static func source(_ pointer: String, _ format: ExpirySource.Format) -> ExpirySource {
        .value(SourceList(.json(JSONPointer(pointer) ?? .root)), [format])
    }

    private static func jwt(_ claims: String) -> String { "e30.\(Base64.encode(Array(claims.utf8), .url)).c2ln" }

    private func lifetime(
        _ body: String, _ sources: [ExpirySource], fields: [(String, String)] = [], jwt: String? = nil
    ) throws -> (lifetime: Double?, origin: Expiry.Origin, ignoredClock: Bool) {
        let reader = ReplyReader(.make(200, body, fields: fields, clocks: FakeClocks()))
        let expiry = try ExpiryReading(reader: reader, token: jwt.flatMap { JSONWebToken(Array($0.utf8)) }).expiry(sources)
        return (expiry.lifetime?.inSeconds, expiry.origin, expiry.ignoredPartnerClock)
    }

    static let stated: [(body: String, source: ExpirySource, seconds: Double)] = [
        (#"{"e":900}"#, source("/e", .lifetime(unit: .seconds(1))), 900), (#"{"e":"900"}"#, source("/e", .lifetime(unit: .seconds(1))), 900),
        (#"{"e":"60 "}"#, source("/e", .lifetime(unit: .seconds(1))), 60), (#"{"e":"\t60\r\n"}"#, source("/e", .lifetime(unit: .seconds(1))), 60),
        (#"{"e":15}"#, source("/e", .lifetime(unit: .seconds(60))), 900), (#"{"e":900000}"#, source("/e", .lifetime(unit: .milliseconds(1))), 900),
        (#"{"e":1800000900}"#, source("/e", .unixSeconds), 900), (#"{"e":"1800000900"}"#, source("/e", .unixSeconds), 900),
        (#"{"e":1800000900500}"#, source("/e", .unixMilliseconds), 900.5), (#"{"e":"2027-01-15T08:15:00Z"}"#, source("/e", .rfc3339(zone: nil)), 900),
        (#"{"e":"2027-01-15T14:00:00+05:45"}"#, source("/e", .rfc3339(zone: nil)), 900),
        (#"{"e":"2027-01-15 14:00:00"}"#, source("/e", .rfc3339(zone: TimeZoneRules(offset: .seconds(20_700)))), 900),
    ]

    private static func format(_ format: ExpirySource.Format...) -> ExpirySource { .value(SourceList(.json(JSONPointer("/e") ?? .root)), format) }
    private static let berlin = TimeZoneRules(named: "Europe/Berlin")

    static let written: [(body: String, source: ExpirySource, seconds: Double)] = [
        (#"{"e":"100000:23:59"}"#, format(.daysHoursMinutes), 400 * 86_400),
        (#"{"e":4000000000}"#, format(.lifetime(unit: .seconds(1))), 400 * 86_400),
        (#"{"e":"0:00:15"}"#, format(.daysHoursMinutes), 900), (#"{"e":"1:01:01"}"#, format(.daysHoursMinutes), 90_060),
        (#"{"e":"Fri, 15 Jan 2027 08:15:00 GMT"}"#, format(.httpDate), 900),
        (#"{"e":"15.01.2027 09:15"}"#, format(.pattern("%d.%m.%Y %H:%M", zone: berlin)), 900),
        (#"{"e":"2027-01-15 09:15:00"}"#, format(.rfc3339(zone: berlin)), 900),
        // The first format that fits.
        (#"{"e":"2027-01-15T08:15:00Z"}"#, format(.unixSeconds, .rfc3339(zone: nil)), 900),
        (#"{"e":900}"#, format(.rfc3339(zone: nil), .lifetime(unit: .seconds(1))), 900),
    ]

    @Test(arguments: written) func `a stated end is read in its form`(body: String, source: ExpirySource, seconds: Double) throws {
        #expect(try lifetime(body, [source]).lifetime == seconds)
    }

    static let cookies: [(lines: [String], name: String?, seconds: Double?)] = [
        (["sid=a; Max-Age=900; Expires=Fri, 15 Jan 2027 10:00:00 GMT"], "sid", 900),
        (["sid=a; Expires=Fri, 15 Jan 2027 08:15:00 GMT; HttpOnly"], "sid", 900),
        (["sid=a; expires=Fri, 15-Jan-2027 08:15:00 GMT"], "sid", 900), (["sid=old; Max-Age=60", "sid=new; Max-Age=900"], "sid", 900),
        (["a=1; Max-Age=900", "b=2; Max-Age=300"], nil, 300), (["a=1; Max-Age=900", "gone=; Max-Age=0"], nil, 900), (["sid=a"], "sid", nil),
        (["other=a; Max-Age=60"], "sid", nil), (["sid=a; Max-Age=soon"], "sid", nil),
        (["sid=a; Max-Age=600", "sid=; Max-Age=0"], "sid", nil),
    ]

    @Test(arguments: cookies) func `a cookie's own end`(lines: [String], name: String?, seconds: Double?) throws {
        let fields = lines.map { ("Set-Cookie", $0) }
        let found = try lifetime("{}", [.cookie(name, step: nil), .after(.seconds(7))], fields: fields).lifetime
        #expect(found == seconds ?? 7)
    }

    @Test func `all cookies are sent back as one header, without those that were taken away`() {
        let fields = ["a=1; Path=/", "b=2=3; Secure", "a=4", "c=4; Max-Age=60", "c=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"].map {
            ("Set-Cookie", $0)
        }
        let reader = ReplyReader(.make(200, "", fields: fields, clocks: FakeClocks()))
        #expect(reader.value(SourceList(.allCookies)) == .string("b=2=3; a=4"))
        #expect(reader.value(SourceList(.cookie("a"))) == .string("4") && reader.value(SourceList(.cookie("c"))) == nil)
    }

    @Test(arguments: stated) func `a stated end is read in its unit`(body: String, source: ExpirySource, seconds: Double) throws {
        let found = try lifetime(body, [source])
        #expect(found.lifetime == seconds && found.origin == .field)
    }

    @Test func `a moment is measured against the partner's Date, less its Age and a second`() throws {
        let source = Self.source("/e", .unixSeconds)
        let hourAhead = [("Date", CalendarTime.imfFixdate(WallTime(seconds: Self.now + 3600)))]
        #expect(try lifetime(#"{"e":1800004500}"#, [source], fields: hourAhead).lifetime == 899)
        #expect(try lifetime(#"{"e":1800004500}"#, [source], fields: hourAhead + [("Age", "100")]).lifetime == 799)
        let unreadable = try lifetime(#"{"e":1800000900}"#, [source], fields: [("Date", "yesterday")])
        #expect(unreadable.lifetime == 900 && unreadable.ignoredClock)
        let dead = try lifetime(#"{"e":1800000900}"#, [source], fields: hourAhead)
        #expect(dead.lifetime == 900 && dead.ignoredClock)
    }

    /// Found by the simulation: a life of two seconds by a clock an hour ahead became one of an hour.
    @Test(arguments: [(-1, 0.001), (0, 0.001), (1, 0.001), (2, 1), (3, 2), (4, 3)])
    func `a moment close to Date is near, whatever this host's clock says`(
        after: Int, lifetime expected: Double
    ) throws {
        let hourAhead = [("Date", CalendarTime.imfFixdate(WallTime(seconds: Self.now + 3600)))]
        let found = try lifetime(#"{"e":\#(1_800_003_600 + after)}"#, [Self.source("/e", .unixSeconds)], fields: hourAhead)
        #expect(found.lifetime == expected && !found.ignoredClock)
    }

    @Test func `a web token's exp counts, and never more than exp less iat`() throws {
        #expect(try lifetime("{}", [.claim("exp"), .after(.seconds(5))], jwt: Self.jwt(#"{"exp":1800000900}"#)).lifetime == 900)
        #expect(try lifetime("{}", [.claim("exp")], jwt: Self.jwt(#"{"exp":1800000900,"iat":1800000300}"#)).lifetime == 600)
        #expect(try lifetime("{}", [.claim("exp"), .after(.seconds(5))], jwt: Self.jwt("{}")).lifetime == 5)
        #expect(try lifetime("{}", [.claim("exp"), .after(.seconds(5))]).origin == .configured)
    }

    private static let seconds = source("/e", .lifetime(unit: .seconds(1)))

    @Test(arguments: [#""""#, "0", "-1", "null", #""soon""#, "[]", "{}", "true", #""0x10""#, #""9 00""#, #""+900""#, #""1e400""#, "1e18"])
    func `a source that says nothing leaves the word to the next`(value: String) throws {
        let found = try lifetime(#"{"e":\#(value)}"#, [Self.seconds, .after(.seconds(1800))])
        #expect(found.lifetime == 1800 && found.origin == .configured)
    }

    @Test(arguments: [
        (source("/e", .unixSeconds), #""""#), (source("/e", .unixSeconds), "0"), (source("/e", .unixSeconds), "1e300"),
        (source("/e", .daysHoursMinutes), #""100001:00:00""#), (source("/e", .daysHoursMinutes), #""0:24:00""#),
        (source("/e", .daysHoursMinutes), #""0:00:60""#), (source("/e", .daysHoursMinutes), #"":0:0:15""#),
        (source("/e", .unixMilliseconds), "-5"), (source("/e", .rfc3339(zone: nil)), #""tomorrow""#), (source("/e", .rfc3339(zone: nil)), "900"),
    ])
    func `neither does a moment that no clock shows`(source: ExpirySource, value: String) throws {
        #expect(try lifetime(#"{"e":\#(value)}"#, [source, .after(.seconds(1800))]).lifetime == 1800)
    }

    @Test func `a moment before all time is no long life`() throws {
        let source = Self.source("/e", .rfc3339(zone: nil))
        #expect((try? lifetime(#"{"e":"0001-01-01T00:00:00+01:00"}"#, [source]).lifetime ?? 0) ?? 0 < 3)
    }

    @Test func `Age is counted on both sides of the look at the partner's clock`() throws {
        let fields = [("Age", "3000"), ("Date", CalendarTime.imfFixdate(WallTime(seconds: Self.now)))]
        let found = try lifetime(#"{"e":3600}"#, [.claim("exp"), Self.seconds], fields: fields, jwt: Self.jwt(#"{"exp":1800003600}"#))
        #expect(found.lifetime == 599 && !found.ignoredClock)
    }

    @Test func `what was passed over is named`() throws {
        let reader = ReplyReader(.make(200, #"{"e":"soon"}"#, clocks: FakeClocks()))
        let expiry = try ExpiryReading(reader: reader, token: nil).expiry([.claim("exp"), Self.seconds, .after(.seconds(60))])
        #expect(expiry.ignoredSources == ["/e"])
    }

    @Test(arguments: [
        (seconds, "315360000"), (source("/e", .rfc3339(zone: nil)), #""9999-12-31T00:00:00Z""#), (source("/e", .unixSeconds), "9999999999"),
        (source("/e", .unixMilliseconds), "253402300799000"),
    ])
    func `more than four hundred days are four hundred`(source: ExpirySource, value: String) throws {
        #expect(try lifetime(#"{"e":\#(value)}"#, [source]).lifetime == 400 * 86_400)
    }

    @Test(arguments: [
        (#"{"exp":1800000008}"#, 8.0), (#"{"exp":"1800000008"}"#, 8), (#"{"exp":1.800000008e9}"#, 8), (#"{"exp":1800000008.5}"#, 8.5),
        ("{\"a\":\"\u{FEFF}\",\"exp\":1800000008}", 8), (#"{"a":"\ud83d","exp":1800000008}"#, 8), (#"{"exp":1800000900}"#, 900),
        (#"{"exp":1800009000}"#, 3600), (#"{"exp":null}"#, 3600), (#"{"exp":"never"}"#, 3600), (#"{"n":1e400,"exp":1800000008}"#, 8),
        (#"{"exp":0}"#, 3600),
    ])
    func `a web token never outlives its own exp`(claims: String, seconds: Double) throws {
        #expect(try lifetime(#"{"e":3600}"#, [Self.seconds], jwt: Self.jwt(claims)).lifetime == seconds)
    }

    @Test func `exp means nothing where the definition says so`() throws {
        let reader = ReplyReader(.make(200, #"{"e":3600}"#, clocks: FakeClocks()))
        let token = JSONWebToken(Array(Self.jwt(#"{"exp":1800000008}"#).utf8))
        #expect(try ExpiryReading(reader: reader, token: token, ignoresClaim: true).expiry([Self.seconds]).lifetime == .seconds(3600))
    }

    @Test func `padding and bytes that are not UTF-8 do not hide exp`() throws {
        let padded = "e30=.\(Base64.encode(Array(#"{"exp":1800000008}"#.utf8), .url))==.c2ln"
        #expect(try lifetime("{}", [.claim("exp"), .after(.seconds(1800))], jwt: padded).lifetime == 8)
        let latin = Array(#"{"n":"Caf"#.utf8) + [0xE9] + Array(#"","exp":1800000008}"#.utf8)
        let foreign = "e30.\(Base64.encode(latin, .url)).c2ln"
        #expect(try lifetime("{}", [.claim("exp"), .after(.seconds(1800))], jwt: foreign).lifetime == 8)
    }

    @Test func `Age shortens what the answer states, and nothing else`() throws {
        let age = [("Age", "3595")]
        #expect(try lifetime(#"{"e":3600}"#, [Self.seconds], fields: age).lifetime == 5)
        #expect(try lifetime("{}", [.after(.seconds(3600))], fields: age).lifetime == 3600)
        #expect(try lifetime(#"{"e":3600}"#, [Self.seconds], fields: [("Age", "old")]).lifetime == 3600)
    }

    @Test func `a fallback is no word about the partner's clock, a stated life is`() throws {
        let date = [("Date", CalendarTime.imfFixdate(WallTime(seconds: Self.now + 3600)))]
        let moment = Self.source("/at", .unixSeconds)
        let alone = try lifetime(#"{"at":1800007200}"#, [moment, .after(.seconds(60))], fields: date)
        #expect(alone.lifetime == 3599 && !alone.ignoredClock)
        let contradicted = try lifetime(#"{"at":1800007200,"e":7200}"#, [moment, Self.seconds], fields: date)
        #expect(contradicted.lifetime == 7200 && contradicted.ignoredClock)
    }

    @Test func `the first source that says something counts, and none is a bad reply`() throws {
        #expect(try lifetime(#"{"e":null}"#, [Self.seconds, .after(.seconds(60))]).lifetime == 60)
        #expect(try lifetime("{}", [.never]).lifetime == nil)
        #expect(try lifetime("{}", [.never], jwt: Self.jwt(#"{"exp":1800000900}"#)).lifetime == 900)
        #expect(try lifetime(#"{"e":0}"#, [Self.seconds]).lifetime == 0)
        #expect(throws: LoginFailure.self) { try lifetime("{}", [Self.seconds]) }
        #expect(throws: LoginFailure.self) { try lifetime(#"{"e":"soon"}"#, [Self.seconds]) }
    }
}

/// Answers that are old, and tokens that are early.
extension ExpiryReadingTests {
    @Test(arguments: [
        // Age, relative life: what is left; whether a second answer is asked for; what then counts.
        ("100", 3600, 3500.0, false, 3500.0), ("3595", 3600, 5, false, 5), ("3597", 3600, 3, false, 3), ("3598", 3600, 2, true, 3600),
        ("1", 3, 2, true, 3), ("0", 2, 2, false, 2), ("7200", 3600, -3600, true, 3600),
        ("-5", 3600, 3600, false, 3600), ("soon", 3600, 3600, false, 3600), ("3500, 10", 3600, 100, false, 100),
        ("junk, 3500", 3600, 100, false, 100),
    ])
    func `an Age that leaves no life is asked about, and then ignored`(age: String, life: Int, left: Double, isAged: Bool, tolerated: Double) throws {
        let reader = ReplyReader(.make(200, #"{"e":\#(life)}"#, fields: [("Age", age)], clocks: FakeClocks()))
        let sources = [ExpirySource.value(SourceList(.json(try #require(JSONPointer("/e")))), [.lifetime(unit: .seconds(1))])]
        let strict = try ExpiryReading(reader: reader, token: nil).expiry(sources)
        #expect(strict.lifetime == .seconds(left) && strict.isAged == isAged && strict.ignoredSources.isEmpty)
        let tolerant = try ExpiryReading(reader: reader, token: nil, toleratesAge: true).expiry(sources)
        #expect(tolerant.lifetime == .seconds(tolerated) && tolerant.ignoredAge == isAged)
        #expect(tolerant.ignoredSources == (isAged ? ["header Age"] : []))
    }

    @Test func `an Age takes nothing from a configured lifetime`() throws {
        let reader = ReplyReader(.make(200, "{}", fields: [("Age", "3595")], clocks: FakeClocks()))
        let found = try ExpiryReading(reader: reader, token: nil).expiry([.after(.seconds(1800))])
        #expect(found.lifetime == .seconds(1800) && !found.isAged)
        let endless = try ExpiryReading(reader: reader, token: nil).expiry([.never])
        #expect(endless.lifetime == nil && !endless.isAged)
    }

    @Test(arguments: [(-600, nil), (0, nil), (9, nil), (10, 10), (300, 300), (301, -1)] as [(Int64, Int64?)])
    func `a token that is not valid yet is served later, by the partner's own Date alone`(ahead: Int64, wait: Int64?) throws {
        let start = 1_800_003_600 + ahead
        let payload = Base64.encode(Array(#"{"nbf":\#(start),"exp":1800009999}"#.utf8), .url)
        let token = JSONWebToken(Array("e30.\(payload).c2ln".utf8))
        // The partner's clock is an hour ahead of this host's.
        let date = ("Date", CalendarTime.imfFixdate(WallTime(seconds: 1_800_003_600)))
        let reading = ExpiryReading(reader: ReplyReader(.make(200, "{}", fields: [date], clocks: FakeClocks())), token: token)
        if wait == -1 {
            #expect(throws: LoginFailure.self) { try reading.delay() }
        } else {
            #expect(try reading.delay() == wait.map { .seconds($0) })
        }
        #expect(try ExpiryReading(reader: ReplyReader(.make(200, "{}", clocks: FakeClocks())), token: token).delay() == nil)
    }
}
