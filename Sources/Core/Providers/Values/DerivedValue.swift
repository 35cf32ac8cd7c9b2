package import Secrets
package import Time

/// A value that a login makes of others: an element of `values:`.
package struct DerivedValue: Sendable, Hashable {
    /// How bytes become text.
    package enum Encoding: String, Sendable, CaseIterable {
        case hex, HEX, base64, base64url
        /// The bytes themselves, as key or message of the next value.
        case raw
    }

    package indirect enum Expression: Sendable, Hashable {
        case template(Template)
        /// The first of these all of whose names have values.
        case first([Template])
        case base64(Template, Encoding)
        case unbase64(Template)
        case urlencode(Template)
        case hash(DigestAlgorithm, message: Template, Encoding)
        case hmac(DigestAlgorithm, key: Template, message: Template, Encoding)
        /// Bytes from the cryptographic generator.
        case random(Int, Encoding)
        case totp(OneTimePassword)
        case time(TimeText)
        case jwt(WebTokenTemplate)
        case rsa(key: Template, isOAEP: Bool, message: Template, Encoding)
    }

    package var name: String
    package var expression: Expression

    /// Names in its templates.
    package var names: [String] {
        switch expression {
        case .template(let text), .base64(let text, _), .unbase64(let text), .urlencode(let text): text.names
        case .first(let texts): texts.flatMap(\.names)
        case .hash(_, let message, _): message.names
        case .hmac(_, let key, let message, _): key.names + message.names
        case .random, .time: []
        case .totp(let password): password.secret.names
        case .jwt(let token): token.names
        case .rsa(let key, _, let message, _): key.names + message.names
        }
    }

    /// Names without which there is no value; of a web token's header, claims and passphrase, what has no value is left out.
    package var requiredNames: [String] {
        switch expression {
        case .jwt(let token): token.key.names
        case .first(let texts): texts.last?.names ?? []
        default: names
        }
    }

    /// Names whose values can be read in this one: a digest, a signature and a ciphertext hide theirs.
    var revealedNames: [String] {
        switch expression {
        case .template(let text), .base64(let text, _), .unbase64(let text), .urlencode(let text): text.names
        case .first(let texts): texts.flatMap(\.names)
        case .jwt(let token): token.header.names + token.claims.names
        case .hash, .hmac, .random, .time, .totp, .rsa: []
        }
    }

    /// Whether it depends on this host's clock, so that a partner with another clock may reject it.
    package var usesClock: Bool {
        switch expression {
        case .totp, .time, .jwt: true
        case .template, .first, .base64, .unbase64, .urlencode, .hash, .hmac, .random, .rsa: false
        }
    }
}

/// A time-based one-time password (RFC 6238), with HMAC-SHA-1.
package struct OneTimePassword: Sendable, Hashable {
    /// Base32 (RFC 4648 §6); white space, hyphens, case and padding do not count.
    package var secret: Template
    /// 6 to 8.
    package var digits = 6
    package var period = Duration.seconds(30)
}

/// The time of the login as text.
package struct TimeText: Sendable, Hashable {
    package enum Format: Sendable, Hashable {
        case unix, unixMilliseconds, rfc3339, httpDate
        /// A pattern of strftime(3); `%f` is microseconds.
        case pattern(String)
    }

    package var format: Format
    package var zone = TimeZoneRules(offset: .zero)
    /// Added to the time; negative for an earlier one.
    package var offset = Duration.zero
}

/// A JSON Web Token to be signed (RFC 7519, RFC 7515).
package struct WebTokenTemplate: Sendable, Hashable {
    /// Nil: that of the key (RS256, ES256 and its kin, EdDSA).
    package var algorithm: Signature.Algorithm?
    package var key: Template
    package var passphrase: Template?
    /// Objects.
    package var header: JSONTemplate
    package var claims: JSONTemplate
    /// From now to `exp`. A partner that bounds the time from `iat` to `exp` counts `backdate`, too.
    package var lifetime: Duration
    /// How far `iat` lies in the past, for partners whose clock is behind.
    package var backdate = Duration.zero

    var names: [String] { key.names + (passphrase?.names ?? []) + header.names + claims.names }
}
