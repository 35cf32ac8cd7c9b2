/// PulseCRM, API key login: an opaque token of unstated lifetime, and a session request that verifies it.
struct PulseCRM: Partner {
    let name = "pulsecrm"
    let lifetime: Double = 30 * 60

    func answer(_ request: SandboxRequest, desk: inout TokenDesk) -> SandboxReply {
        switch (request.method, request.path) {
        case ("POST", "/auth/login"): return login(request, &desk)
        case ("GET", "/auth/session"):
            guard let token = request.bearer, desk.mint.isValid(token, now: desk.now) else { return .json(401, [("message", "Unauthorized")]) }
            return .json(200, [("id", 1), ("email", "sandbox@example.com")])
        default: return .json(404, [("message", "Not Found")])
        }
    }

    private func login(_ request: SandboxRequest, _ desk: inout TokenDesk) -> SandboxReply {
        guard let body = request.json, let key = body["apiKey"], let secret = body["apiSecret"] else {
            return .json(400, [("message", "Bad Request")])
        }
        guard key == "sandbox-api-key", secret == "sandbox-api-secret" else { return .json(401, [("message", "Unauthorized")]) }
        let account = SandboxJSON.object([("accountName", "Sandbox"), ("accountId", "acc-9"), ("id", "1"), ("name", "Sandbox")])
        return .json(
            200,
            [
                ("id", 1), ("email", "sandbox@example.com"), ("primaryAccount", account), ("accounts", .array([account])),
                ("token", .string(desk.opaqueToken(account: key))),
            ])
    }
}
