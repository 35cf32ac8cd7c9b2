import Contract
import JSON
import LocalHTTP
import Observability
import Secrets
import Time
import Tokens

/// The OAuth2 facade: a stock client gets partner tokens by client credentials (RFC 6749 §4.4).
extension BrokerAPI {
    /// The current token as an access token response (RFC 6749 §5.1).
    func oauth2Token(_ request: APIRequest) async throws(Problem) -> Outcome {
        let token = try await currentToken(request)
        let bearer = Array("Bearer ".utf8) + token.value.exposedBytes
        guard token.headers.contains(where: { $0.name.lowercased() == "authorization" && $0.value.exposedBytes == bearer }) else {
            throw Problem(.invalidScope, "this token is not used as Authorization: Bearer; ask at /v1/tokens/\(request.token)", token: request.token)
        }
        let remaining = token.remaining(at: clocks.boot)
        var response = json { writer in
            writer.beginObject()
            writer.name("access_token"); writer.string(token.value.exposedBytes)
            writer.name("token_type"); writer.string("Bearer")
            if let remaining { writer.name("expires_in"); writer.literal(String(max(1, remaining.wholeSeconds))) }
            writer.name("scope"); writer.string(request.token)
            writer.endObject()
        }
        response.fields.append(("Pragma", "no-cache"))
        return Outcome(response, token: token)
    }

    /// The metadata of the facade (RFC 8414 §2). Scopes are not listed: they are names of tokens.
    func oauth2Metadata(_ request: APIRequest) -> Outcome {
        let issuer = "http://\(request.host)"
        return Outcome(
            json { writer in
                writer.beginObject()
                writer.name("issuer"); writer.string(issuer)
                writer.name("token_endpoint"); writer.string("\(issuer)/oauth2/token")
                writer.name("grant_types_supported"); writer.write(.array(["client_credentials"]))
                writer.name("response_types_supported"); writer.write(.array([]))
                writer.name("token_endpoint_auth_methods_supported"); writer.write(.array(["client_secret_basic", "client_secret_post"]))
                writer.endObject()
            })
    }
}
