package import JSON
import Secrets
package import Time

/// The claims of a JSON Web Token (RFC 7519) in compact form.
///
/// The signature is not verified: the token came directly from the partner on a connection whose certificate was checked.
package struct JSONWebToken: Sendable {
    package let claims: JSONValue

    /// Nil unless the bytes are three base64url parts and the first two are JSON objects. Padding, and bytes in the objects that no JSON
    /// should hold, do not hide a claim.
    package init?(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, Self.isObject(Self.decode(parts[0])), Self.decode(parts[2]) != nil, let payload = Self.decode(parts[1]),
            let claims = JSONValue(parsing: payload, leniently: true), case .object = claims
        else { return nil }
        self.claims = claims
    }

    private static func decode(_ part: ArraySlice<UInt8>) -> [UInt8]? {
        var bare = part
        while bare.last == UInt8(ascii: "=") { bare.removeLast() }
        // Ordinary base64 is wrong here, and read all the same: a claim that is not seen keeps a dead token.
        return Base64.decode(bare, .url) ?? Base64.decode(bare, .standard)
    }

    private static func isObject(_ bytes: [UInt8]?) -> Bool {
        guard let bytes, case .object? = JSONValue(parsing: bytes, leniently: true) else { return false }
        return true
    }

    /// Reads a NumericDate claim (RFC 7519 §2): seconds since 1970, whole, fractional or in exponent form, also in a string. Nil if it is
    /// absent, or nothing that a clock could show.
    package func date(_ claim: String) -> WallTime? {
        guard let seconds = claims[claim]?.decimalValue, seconds > 0, seconds <= CalendarTime.lastSecond else { return nil }
        return WallTime(fractionalSeconds: seconds)
    }
}
