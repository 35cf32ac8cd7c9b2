/// ZetaSafe, auth token for user and client. The user name and the client select among the refusals on its page.
struct ZetaSafe: Partner {
    let name = "zetasafe"
    let lifetime: Double = 30 * 60

    private static let refusals: [String: (code: String, message: String)] = [
        "expired": ("PASSWORD_EXPIRED", "The password has expired"),
        "readonly": ("USER_HAS_NO_APPLICABLE_ROLE", "The user has no applicable role"),
        "norole": ("NO_ACCESS_TO_ROLE", "Access denied"),
        "noclient": ("NO_ACCESS_TO_CLIENT", "Access denied"),
        "broken": ("UNEXPECTED_ERROR", "Access denied"),
    ]

    func answer(_ request: SandboxRequest, desk: inout TokenDesk) -> SandboxReply {
        let path = request.path.hasPrefix("/dev/") ? String(request.path.dropFirst(4)) : request.path
        guard request.method == "POST", path == "/ext/userclientauthtoken/get" else { return SandboxReply(404, "") }
        guard let body = request.json, let user = body["username"], let password = body["password"], let client = request.query["adminClientId"],
            !client.isEmpty
        else { return SandboxReply(400, "") }
        guard password == "sandbox-password" else { return SandboxReply(401, "") }
        if let refusal = Self.refusals[user] { return .json(400, [(refusal.code, .string(refusal.message))]) }
        guard user == "sandbox-user" else { return SandboxReply(401, "") }
        if client == "client-without-admin" { return .json(200, [("token", .null), ("admins", .array(["ann", "jo"]))]) }
        return .json(200, [("token", .string(desk.opaqueToken(account: "\(user)/\(client)")))])
    }
}
