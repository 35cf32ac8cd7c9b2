import Contract
import JSON
import Secrets
import Time
import Tokens

/// The body of a token answer, and the ranges in it that change with time.
struct TokenBody {
    var bytes: [UInt8] = []
    /// The range of the digits of `expires_in`, which are left-padded with spaces; empty for a token that does not expire.
    var expiresIn = 0..<0
    /// The range of the five letters of the state.
    var state = 0..<0

    /// - Parameter wall: the wall time at `now`, for the times people read.
    init(_ token: Token, now: BootInstant, wall: WallTime, isStale: Bool) {
        var json = JSONWriter()
        json.beginObject()
        json.name("access_token"); json.string(token.value.exposedBytes)
        json.name("token_type"); json.string(token.type)
        if let remaining = token.remaining(at: now) {
            let digits = String(max(1, remaining.wholeSeconds))
            json.name("expires_in")
            expiresIn = json.bytes.count..<json.bytes.count + digits.utf8.count
            json.literal(digits)
            json.name("expires_at"); json.string(CalendarTime.rfc3339(wall + remaining))
        }
        json.name("issued_at"); json.string(CalendarTime.rfc3339(token.issuedAtWall))
        json.name("state")
        state = json.bytes.count + 1..<json.bytes.count + 6
        json.string(isStale ? "stale" : "fresh")
        json.name("fingerprint"); json.string(token.fingerprint)
        json.name("headers"); json.beginObject()
        for header in token.headers { json.name(header.name); json.string(header.value.exposedBytes) }
        json.endObject()
        if let query = token.query {
            json.name("query"); json.beginObject()
            for pair in query { json.name(pair.name); json.string(pair.value.exposedBytes) }
            json.endObject()
        }
        if let members = token.json { json.name("json"); json.literal(members.exposedText) }
        json.name("values"); json.beginObject()
        for (name, value) in token.values.sorted(by: { $0.key < $1.key }) { json.name(name); json.string(value) }
        json.endObject()
        json.endObject()
        bytes = json.bytes
    }

    /// The entity tag of a token (RFC 9110 §8.8.3): weak, since the answer changes with the time that is left.
    static func entityTag(_ fingerprint: String) -> String { "W/\"\(fingerprint)\"" }

    /// The fields of a response that contains a token's value (RFC 6749 §5.1).
    static func fields(fingerprint: String, contentType: String) -> [(name: String, value: String)] {
        CommonFields.all + [("Content-Type", contentType), ("Pragma", "no-cache"), ("ETag", entityTag(fingerprint)), ("Vary", "Accept")]
    }
}
