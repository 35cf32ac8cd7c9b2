package import Configuration
import HTTPTypes
import JSON
import OutboundHTTP
import Providers
package import Secrets
import Time
package import Tokens

/// A person's login, which brings the first refresh token: by a device code (RFC 8628), or in a browser with PKCE (RFC 7636).
package struct PersonGrant: Sendable {
    /// What a person is shown (RFC 8628 §3.2).
    package struct DeviceCode: Sendable {
        package let userCode: String
        package let address: String
        /// With the code in it.
        package let completeAddress: String?
        package let lifetime: Duration
        fileprivate let code: String
        fileprivate let interval: Duration
    }

    private let performer: LoginPerformer
    private let token: TokenConfiguration
    private let values: ValueScope
    private let person: PersonLogin

    /// - Throws: `LoginFailure` for an entry whose provider has no such login, secrets that cannot be read, and metadata that cannot.
    package init(_ performer: LoginPerformer, _ token: TokenConfiguration) async throws(LoginFailure) {
        guard let person = token.provider.person else { throw LoginFailure(.local, "\(token.provider.name) has no login for persons") }
        let own = try await performer.ownInputs(token)
        self.performer = performer
        self.token = token
        self.person = person
        values = try await performer.completed(own.variants[0].values, of: token)
    }

    package var hasDevice: Bool { url(person.device) != nil }
    package var hasBrowser: Bool { url(person.authorize) != nil }

    private func url(_ template: URLTemplate?) -> String? { template.flatMap { try? $0.render(values) } }
    private func text(_ template: Template?) -> String? {
        template.flatMap { values.has($0) ? String(decoding: values.text($0), as: UTF8.self) : nil }
    }

    // MARK: Device

    package func deviceCode() async throws(LoginFailure) -> DeviceCode {
        guard let url = url(person.device) else { throw LoginFailure(.local, "there is no device authorization endpoint") }
        let answer = try await post(url, [("scope", text(person.scope))])
        guard let code = answer["device_code"]?.text, let userCode = answer["user_code"]?.text,
            let address = (answer["verification_uri"] ?? answer["verification_url"])?.text
        else { throw LoginFailure(.badReply, "the answer has no device_code, user_code and verification_uri") }
        return DeviceCode(
            userCode: userCode, address: address, completeAddress: answer["verification_uri_complete"]?.text,
            lifetime: .seconds(min(answer["expires_in"]?.decimalValue ?? 600, 3600)), code: code,
            interval: .seconds(max(1, min(answer["interval"]?.decimalValue ?? 5, 3600))))
    }

    /// Asks until the person has logged in (RFC 8628 §3.4).
    ///
    /// - Throws: `LoginFailure`, if the person refused, or let the code expire.
    package func refreshToken(_ device: DeviceCode) async throws(LoginFailure) -> Secret {
        let clocks = performer.clocks
        let end = clocks.boot + device.lifetime
        var interval = device.interval
        while clocks.boot < end {
            guard (try? await clocks.sleep(until: clocks.boot + interval)) != nil else { break }
            let pairs: [(String, String?)] = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device.code)]
            do throws(LoginFailure) {
                return try refreshToken(in: try await post(try tokenURL(), pairs))
            } catch {
                switch error.oauth2Error {
                case "authorization_pending": break
                case "slow_down": interval += .seconds(5)
                default:
                    guard error.failureClass == .transient || error.failureClass == .timedOut else { throw error }
                    // RFC 8628 §3.5: less often after a timeout.
                    interval = interval * 2
                }
            }
        }
        throw LoginFailure(.rejected, "nobody logged in while the code was valid")
    }

    // MARK: Browser

    /// Where a browser is sent (RFC 6749 §4.1.1, RFC 7636 §4.3).
    package func authorizationURL(redirect: String, state: String, verifier: String) throws(LoginFailure) -> String {
        guard let url = url(person.authorize) else { throw LoginFailure(.local, "there is no authorization endpoint") }
        let challenge = Base64.encode(Digest.sha256(Array(verifier.utf8)), .url)
        let pairs = [
            ("response_type", "code"), ("client_id", text(person.clientID)), ("redirect_uri", redirect), ("scope", text(person.scope)),
            ("state", state), ("code_challenge", challenge), ("code_challenge_method", "S256"),
        ]
        let query = pairs.compactMap { name, value in
            value.map { "\(name)=\(String(decoding: PercentEncoding.encode($0.utf8), as: UTF8.self))" }
        }.joined(separator: "&")
        return url + (url.contains("?") ? "&" : "?") + query
    }

    /// Refuses an answer of another issuer (RFC 9207 §2.4).
    package func checkIssuer(_ named: String?) throws(LoginFailure) {
        guard let named, let issuer = values["issuer"].map({ String(decoding: $0, as: UTF8.self) }) else { return }
        guard BaseURL.withoutFinalSlash(named) == BaseURL.withoutFinalSlash(issuer) else {
            throw LoginFailure(.rejected, "the answer is another issuer's, \(VisibleText.escaped(named))")
        }
    }

    package func refreshToken(code: String, redirect: String, verifier: String) async throws(LoginFailure) -> Secret {
        let pairs = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect), ("code_verifier", verifier)]
        return try refreshToken(in: try await post(try tokenURL(), pairs.map { ($0.0, $0.1) }))
    }

    // MARK: Requests

    private func tokenURL() throws(LoginFailure) -> String { try person.token.render(values) }

    private func refreshToken(in answer: JSONValue) throws(LoginFailure) -> Secret {
        guard let text = answer["refresh_token"]?.text, !text.isEmpty else {
            throw LoginFailure(.badReply, "the answer has no refresh_token; many servers give one only with the scope offline_access")
        }
        return Secret(text)
    }

    private func post(_ url: String, _ pairs: [(String, String?)]) async throws(LoginFailure) -> JSONValue {
        let (id, secret) = (text(person.clientID) ?? "", text(person.clientSecret))
        var fields = HTTPFields()
        fields[.accept] = "application/json"
        fields[.contentType] = "application/x-www-form-urlencoded"
        func encoded(_ text: String) -> String { String(decoding: PercentEncoding.encode(text.utf8), as: UTF8.self) }
        if let secret { fields[.authorization] = "Basic \(Base64.encode(Array("\(encoded(id)):\(encoded(secret))".utf8), .standard))" }
        let body = (pairs + [("client_id", id)]).compactMap { name, value in
            value.map { "\(name)=\(String(decoding: PlaceEncoding.form(Array($0.utf8)), as: UTF8.self))" }
        }.joined(separator: "&")
        let request = OutboundRequest(method: .post, url: url, fields: fields, body: Array(body.utf8), connection: token.connection)
        let reply: PartnerReply
        do throws(TransportFault) {
            reply = try await performer.transport.send(request)
        } catch {
            throw LoginFailure(error)
        }
        let reader = ReplyReader(reply)
        let redactor = Redactor(definition: token.provider, values: values)
        if var failure = reader.failure(success: SuccessRule(), errors: token.provider.errors, redactor: redactor)
            ?? reader.failure(withoutToken: token.provider.errors, redactor: redactor)
        {
            failure.oauth2Error = reader.json?["error"]?.text
            throw failure
        }
        return reader.json ?? .null
    }
}
