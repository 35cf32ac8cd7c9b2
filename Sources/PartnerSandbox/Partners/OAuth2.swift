import FoundationEssentials

/// A plain OAuth2 token endpoint: client credentials (RFC 6749 §4.4), by Basic or in the body.
struct OAuth2: Partner {
    let name = "oauth2"
    let lifetime: Double = 3600

    func answer(_ request: SandboxRequest, desk: inout TokenDesk) -> SandboxReply {
        guard request.method == "POST", request.path == "/token" else { return SandboxReply(404, "") }
        guard let form = request.form else { return Self.failure(400, "invalid_request") }
        guard form["grant_type"] == "client_credentials" else { return Self.failure(400, "unsupported_grant_type") }
        guard isClient(request, form) else {
            var reply = Self.failure(401, "invalid_client")
            reply.headers = [("WWW-Authenticate", "Basic realm=\"sandbox\"")]
            return reply
        }
        let token = desk.opaqueToken(account: form["scope"] ?? "")
        return .json(200, [("access_token", .string(token)), ("token_type", "Bearer"), ("expires_in", .number(Int(desk.lifetime)))])
    }

    private func isClient(_ request: SandboxRequest, _ form: [String: String]) -> Bool {
        if let value = request.headers["authorization"] {
            return value == "Basic " + Data("sandbox-client:sandbox-client-secret".utf8).base64EncodedString()
        }
        return form["client_id"] == "sandbox-client" && form["client_secret"] == "sandbox-client-secret"
    }

    private static func failure(_ status: Int, _ error: String) -> SandboxReply {
        .json(status, [("error", .string(error))])
    }
}
