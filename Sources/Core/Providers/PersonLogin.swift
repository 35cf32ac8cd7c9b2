/// A login that only a person can make: by a device code (RFC 8628), or in a browser with PKCE (RFC 6749 §4.1, RFC 7636). It brings the first
/// refresh token.
package struct PersonLogin: Sendable, Hashable {
    /// The input that makes a person's login unnecessary where it has a value.
    package var unless: String?
    /// The device authorization endpoint; nil: there is none.
    package var device: URLTemplate?
    /// The authorization endpoint; nil: there is none.
    package var authorize: URLTemplate?
    package var token: URLTemplate
    package var clientID: Template
    /// Absent for a public client.
    package var clientSecret: Template?
    package var scope: Template?
}
