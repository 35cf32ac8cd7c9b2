/// Zipteams, Auth Token API: a GET with four headers returns the token of a tenant and sub-tenant, valid for 24 hours.
struct Zipteams: Partner {
    let name = "zipteams"
    let lifetime: Double = 24 * 3600

    func answer(_ request: SandboxRequest, desk: inout TokenDesk) -> SandboxReply {
        guard request.method == "GET", request.path == "/api/v1/partner/dashboard/auth/token" else { return Self.failure(404, "Not Found") }
        guard request.headers["x-api-key"] == "sandbox-api-key", request.headers["x-api-secret"] == "sandbox-api-secret" else {
            return Self.failure(403, "Forbidden")
        }
        guard let tenant = request.headers["x-tenant-id"], !tenant.isEmpty else { return Self.failure(400, "Tenant ID is required") }
        guard let sub = request.headers["x-sub-tenant-id"], !sub.isEmpty else { return Self.failure(400, "Subtenant ID is required") }
        let token = desk.webToken(account: "\(tenant)/\(sub)", claims: [("tenantId", .string(tenant)), ("subTenantId", .string(sub))])
        return .json(
            200,
            [
                ("code", "RESPONSE_SUCCESS"), ("message", "Request served successfully."), ("type", "object"),
                ("data", .object([("token", .string(token))])),
            ])
    }

    static func failure(_ status: Int, _ message: String) -> SandboxReply {
        .json(status, [("success", false), ("message", .string(message))])
    }
}
