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

/// How long a token lives, by what its answer says (refresh.md, "Time" and "Expiry").
@Suite struct ExpiryReadingTests {
    /// The fake wall clock's moment: 2027-01-15T08:00:00Z.
    private static let now: Int64 = 1_800_000_000

    private static func source(_ pointer: String, _ format: ExpirySource.Format) -> ExpirySource {
        .value(.json(JSONPointer(pointer) ?? .root), format)
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
        (#"{"e":15}"#, source("/e", .lifetime(unit: .seconds(60))), 900), (#"{"e":900000}"#, source("/e", .lifetime(unit: .milliseconds(1))), 900),
        (#"{"e":1800000900}"#, source("/e", .unixSeconds), 900), (#"{"e":"1800000900"}"#, source("/e", .unixSeconds), 900),
        (#"{"e":1800000900500}"#, source("/e", .unixMilliseconds), 900.5), (#"{"e":"2027-01-15T08:15:00Z"}"#, source("/e", .rfc3339(zone: nil)), 900),
        (#"{"e":"2027-01-15T14:00:00+05:45"}"#, source("/e", .rfc3339(zone: nil)), 900),
        (#"{"e":"2027-01-15 14:00:00"}"#, source("/e", .rfc3339(zone: .seconds(20_700))), 900),
    ]

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

    @Test func `a web token's exp counts, and never more than exp less iat`() throws {
        #expect(try lifetime("{}", [.claim("exp"), .after(.seconds(5))], jwt: Self.jwt(#"{"exp":1800000900}"#)).lifetime == 900)
        #expect(try lifetime("{}", [.claim("exp")], jwt: Self.jwt(#"{"exp":1800000900,"iat":1800000300}"#)).lifetime == 600)
        #expect(try lifetime("{}", [.claim("exp"), .after(.seconds(5))], jwt: Self.jwt("{}")).lifetime == 5)
        #expect(try lifetime("{}", [.claim("exp"), .after(.seconds(5))]).origin == .configured)
    }

    @Test func `the first source that is there counts, and none is a bad reply`() throws {
        let field = Self.source("/e", .lifetime(unit: .seconds(1)))
        #expect(try lifetime(#"{"e":null}"#, [field, .after(.seconds(60))]).lifetime == 60)
        #expect(try lifetime("{}", [.never]).lifetime == nil)
        #expect(throws: LoginFailure.self) { try lifetime("{}", [field]) }
    }
}
