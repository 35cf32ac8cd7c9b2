import FoundationEssentials

/// A plain OAuth2 token endpoint: client credentials (RFC 6749 §4.4) by Basic or in the body, and rotating refresh tokens (§6).
struct OAuth2: Partner {
    let name = "oauth2"
    let lifetime: Double = 3600

    func answer(_ request: SandboxRequest, desk: inout TokenDesk) -> SandboxReply {
        guard request.method == "POST", request.path == "/token" else { return SandboxReply(404, "") }
        guard let form = request.form else { return Self.failure(400, "invalid_request") }
        guard ["client_credentials", "refresh_token"].contains(form["grant_type"]) else { return Self.failure(400, "unsupported_grant_type") }
        guard isClient(request, form) else {
            var reply = Self.failure(401, "invalid_client")
            reply.headers = [("WWW-Authenticate", "Basic realm=\"sandbox\"")]
            return reply
        }
        var members: [(String, SandboxJSON)] = [("token_type", "Bearer"), ("expires_in", .number(Int(desk.lifetime)))]
        if form["grant_type"] == "refresh_token" {
            guard let next = desk.grants.redeem(form["refresh_token"] ?? "") else { return Self.failure(400, "invalid_grant") }
            members.append(("refresh_token", .string(next)))
        }
        return .json(200, [("access_token", .string(desk.opaqueToken(account: form["scope"] ?? "")))] + members)
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
