/// SparrowSMS, enterprise login: takes two tokens and returns a JWT for 24 hours, with its expiry in Nepal time.
struct SparrowSMS: Partner {
    let name = "sparrowsms"
    let lifetime: Double = 24 * 3600

    func answer(_ request: SandboxRequest, desk: inout TokenDesk) -> SandboxReply {
        if request.path == "/v1/autho/apitoken/login" {
            return SandboxReply(301, "", headers: [("Location", "\(request.path)/")])  // the final slash is part of the path
        }
        guard request.method == "POST", request.path == "/v1/autho/apitoken/login/" else { return SandboxReply(404, "") }
        guard let body = request.json, let api = body["api_token"], let partner = body["partner_token"], !api.isEmpty, !partner.isEmpty else {
            return Self.failure("Must include \"partner_token\" and \"api_token\"")
        }
        switch partner {
        case "sandbox-partner-token": break
        case "expired-account": return Self.failure("Account is Expired")
        case "inactive-user": return Self.failure("Invalid User")
        default: return Self.failure("Invalid Partner Token")
        }
        switch api {
        case "sandbox-api-token": break
        case "expired-token": return Self.failure("API Token Expired")
        case "wrong-credentials": return Self.failure("Unable to log in with provided credentials.")
        default: return Self.failure("Invalid API Token")
        }
        let token = desk.webToken(account: api, claims: [])
        let end = desk.mint.issued[token]?.expiresAt ?? desk.now + desk.lifetime
        return .json(
            200,
            [
                ("data", .object([("message", "Success"), ("token", .string(token)), ("expires_on", .string(.nepalTime(end)))])),
                ("meta", .object([])), ("result", "00"), ("status", "OK"),
            ])
    }

    static func failure(_ message: String) -> SandboxReply {
        .json(400, [("data", .object([("message", .string(message))])), ("meta", .object([])), ("result", "01"), ("status", "ERROR")])
    }
}
