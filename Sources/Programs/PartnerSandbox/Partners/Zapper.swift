/// Zapper: service login, customer login and registration. The body of the answer is the token itself, valid for 15 minutes.
struct Zapper: Partner {
    let name: String
    let lifetime: Double = 15 * 60

    static let service = Zapper(name: "zapper-service")
    static let customer = Zapper(name: "zapper-customer")

    /// The name of the one that a path belongs to; both are under /zapper.
    static func name(forPath path: String) -> String {
        path.hasPrefix("/v1/auth/customers/") ? "zapper-customer" : "zapper-service"
    }

    func answer(_ request: SandboxRequest, desk: inout TokenDesk) -> SandboxReply {
        guard request.method == "POST" else { return SandboxReply(404, "") }
        guard request.headers["x-api-key"] == "sandbox-api-key" else { return Self.failure(401, "Unauthorized") }
        switch request.path {
        case "/v1/auth/service/login": return service(request, &desk)
        case "/v1/auth/customers/login": return customer(request, &desk)
        case "/v1/auth/customers/register": return register(request, desk)
        default: return SandboxReply(404, "")
        }
    }

    private func service(_ request: SandboxRequest, _ desk: inout TokenDesk) -> SandboxReply {
        guard let body = request.json, let organisation = body["organisationId"], !organisation.isEmpty else {
            return Self.failure(400, "Bad Request")
        }
        guard body["apiToken"] == "sandbox-api-token" else { return Self.failure(401, "Unauthorized") }
        return SandboxReply(200, desk.webToken(account: organisation, claims: [("organisationId", .string(organisation))]), contentType: "text/plain")
    }

    private func customer(_ request: SandboxRequest, _ desk: inout TokenDesk) -> SandboxReply {
        guard isServiceToken(request.bearer, desk) else { return Self.failure(401, "Unauthorized") }
        guard let body = request.json, let email = body["email"], body["password"] != nil else { return Self.failure(400, "Bad Request") }
        guard body["password"] == "sandbox-password" else { return Self.failure(401, "Unauthorized") }
        // A JSON string: the page shows the token bare, but other clients received it quoted.
        let token = desk.webToken(account: email, claims: [("email", .string(email))])
        return SandboxReply(200, "\"\(token)\"")
    }

    private func register(_ request: SandboxRequest, _ desk: TokenDesk) -> SandboxReply {
        guard isServiceToken(request.bearer, desk) else { return Self.failure(401, "Unauthorized") }
        guard let user = request.json?["userId"], !user.isEmpty else { return Self.failure(400, "Bad Request") }
        return SandboxReply(200, "")
    }

    private func isServiceToken(_ token: String?, _ desk: TokenDesk) -> Bool {
        guard let token, desk.mint.issued[token]?.partner == "zapper-service" else { return false }
        return desk.mint.isValid(token, now: desk.now)
    }

    private static func failure(_ status: Int, _ message: String) -> SandboxReply {
        .json(status, [("message", .string(message))])
    }
}
