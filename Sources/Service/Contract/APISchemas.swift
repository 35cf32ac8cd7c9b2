import JSON

/// The shapes of requests and answers as JSON Schema (2020-12), with an example each.
enum APISchemas {
    static func string(_ text: String, _ example: String) -> JSONValue {
        .object(["type": "string", "description": .string(text), "examples": .array([.string(example)])])
    }

    static func seconds(_ text: String, _ example: Int64) -> JSONValue {
        .object(["type": "number", "description": .string("\(text), in seconds"), "examples": .array([.integer(example)])])
    }

    static func count(_ text: String) -> JSONValue { .object(["type": "integer", "minimum": 0, "description": .string(text)]) }
    static func flag(_ text: String) -> JSONValue { .object(["type": "boolean", "description": .string(text)]) }
    static func texts(_ text: String) -> JSONValue {
        .object(["type": "object", "description": .string(text), "additionalProperties": .object(["type": "string"])])
    }

    static func list(_ element: JSONValue, _ text: String = "") -> JSONValue {
        .object(["type": "array", "items": element].merging(text.isEmpty ? [:] : ["description": .string(text)]) { $1 })
    }

    static func word(_ text: String, _ words: [String]) -> JSONValue {
        .object(["type": "string", "enum": .array(words.map { .string($0) }), "description": .string(text)])
    }

    static func object(_ members: [String: JSONValue], required: [String], isOpen: Bool = false) -> JSONValue {
        .object([
            "type": "object", "properties": .object(members), "required": .array(required.map { .string($0) }), "additionalProperties": .bool(isOpen),
        ])
    }

    static let moment = "2026-11-21T10:15:00Z"
    static func reference(_ name: String) -> JSONValue { .object(["$ref": .string("#/components/schemas/\(name)")]) }

    static let all: [String: JSONValue] = [
        "Token": token, "TokenStatus": tokenStatus, "Overview": overview, "Problem": problem, "Description": .object(["type": "object"]),
        "TokenList": object(
            [
                "tokens": list(reference("TokenStatus")),
                "summary": string("The state of the daemon; for callers with `admin`", "6/6 tokens, next renewal in 4 min"),
            ], required: ["tokens"]),
        "History": object(["logins": list(pastLogin)], required: ["logins"]),
        "Grant": object(
            [
                "refresh_token": .object([
                    "type": "string", "description": "The refresh token: 1 to 65536 bytes of visible ASCII and space", "minLength": 1,
                    "pattern": "^[ -~]+$", "examples": .array(["tGzv3JOkF0XG5Qx2TlKWIA"]),
                ])
            ], required: ["refresh_token"]),
        "TokenRequest": .object([
            "type": "object", "required": .array(["grant_type"]), "additionalProperties": .object(["type": "string"]),
            "properties": .object([
                "grant_type": .object(["const": "client_credentials"]), "scope": string("The name of one token", "zapper"),
                "client_id": string("The client's name, where it is not in Basic", "billing"),
                "client_secret": string("The client's key, where it is not in Basic", "k"),
                "wait": string("How long to wait for a token, in seconds", "5"), "min_valid": string("The least life wanted, in seconds", "60"),
            ]),
        ]),
        "AccessToken": object(
            [
                "access_token": string("The token", "eyJ…"), "token_type": .object(["const": "Bearer"]),
                "expires_in": seconds("What is left of its life", 768), "scope": string("The token's name", "zapper"),
            ], required: ["access_token", "token_type"]),
        "TokenError": object(
            [
                "error": word(
                    "RFC 6749 §5.2",
                    [
                        "invalid_request", "invalid_client", "invalid_scope", "unsupported_grant_type", "temporarily_unavailable", "server_error",
                    ]),
                "error_description": string("What happened", "there is no client of this name with this key"),
                "error_uri": string("The problem's help", "/problems/unauthenticated"),
            ], required: ["error"]),
        "ServerMetadata": object(
            [
                "issuer": string("The address the caller used", "http://127.0.0.1:8653"),
                "token_endpoint": string("Where tokens are requested", "http://127.0.0.1:8653/oauth2/token"),
                "grant_types_supported": list(.object(["type": "string"])), "response_types_supported": list(.object(["type": "string"])),
                "token_endpoint_auth_methods_supported": list(.object(["type": "string"])),
            ], required: ["issuer", "token_endpoint"]),
        "Rejection": object(
            [
                "fingerprint": .object(["type": "string", "pattern": "^[0-9a-fA-F]{12}$", "examples": .array(["3f9c1a2b4d5e"])]),
                "status": .object(["type": "integer", "minimum": 100, "maximum": 599, "examples": .array([401])]),
            ], required: ["fingerprint", "status"]),
        "RejectionAction": object(
            ["action": word("`refreshing`: a new token comes; `already_replaced`: ask for it", ["refreshing", "already_replaced", "ignored"])],
            required: ["action"]),
        "ActionInputs": .object([
            "type": "object", "description": "The action's inputs by name.",
            "additionalProperties": .object(["type": .array(["string", "number", "boolean"])]),
        ]),
        "ActionAnswer": object(["status": count("The partner's status"), "body": .bool(true)], required: ["status", "body"]),
        "Logout": object(
            [
                "logout": word("`nothing`: there was no token, or the definition has no logout", ["done", "nothing", "failed"]),
                "reason": string("Why it failed", "the partner answered 500"),
            ], required: ["logout"]),
        "Reload": object(["reloaded": flag("Always true"), "warnings": list(.object(["type": "string"]))], required: ["reloaded", "warnings"]),
    ]

    private static let token = object(
        [
            "access_token": string("The token", "eyJ…"), "token_type": string("Its type (RFC 6749 §7.1)", "Bearer"),
            "expires_in": .object([
                "type": "integer", "minimum": 1, "description": "Whole seconds of life left, rounded down; absent for a token without an end",
            ]),
            "expires_at": string("The end of its life, by this host's clock", moment),
            "issued_at": string("When it was issued", "2026-11-21T10:00:00Z"),
            "state": word("`stale`: a refresh is due, running or failing, and the token is still valid", ["fresh", "stale"]),
            "fingerprint": string("The first 12 hex digits of its HMAC; also the tag of If-None-Match", "3f9c1a2b4d5e"),
            "headers": texts("All that a caller copies onto its request to the partner"),
            "query": texts("Pairs of the query to send to the partner; only where its definition has some"),
            "json": .object(["type": "object", "description": "Members of a JSON body to send to the partner; only where its definition has some"]),
            "values": texts("Values kept from the partner's answer"),
        ], required: ["access_token", "token_type", "issued_at", "state", "fingerprint", "headers", "values"])

    private static let tokenStatus = object(tokenStatusMembers, required: tokenStatusRequired)
    static let tokenStatusRequired = [
        "name", "provider", "required", "state", "logging_in", "next_refresh_reason", "logins", "failures_in_a_row", "budget",
    ]
    static let tokenStatusMembers: [String: JSONValue] = [
        "name": string("The token's name", "zapper"), "provider": string("Its provider", "zapper-service"),
        "inputs": texts("Its per-request inputs"),
        "required": flag("Whether readiness needs it"),
        "state": word("No token in hand from `pending` on", ["fresh", "stale", "pending", "failing", "latched", "idle", "paused", "revoked"]),
        "logging_in": flag("Whether a login is in flight"), "fingerprint": string("Of the token in hand", "3f9c1a2b4d5e"),
        "issued_at": string("When it was issued", moment), "expires_at": string("The end of its life", moment),
        "expires_in": seconds("Remaining life", 768), "expiry_source": string("Where its life was read", "field"),
        "expiry_sources_ignored": list(.object(["type": "string"]), "Sources that were there and said nothing usable"),
        "lifetime": seconds("Its whole life", 900), "learned_lifetime": seconds("A shorter life that rejections taught", 600),
        "margin": seconds("How long before its end it is renewed", 300), "jitter": seconds("How much earlier still", 12),
        "next_refresh_at": string("When the next login is planned", moment), "next_refresh_in": seconds("Until the next login", 240),
        "next_refresh_reason": string("Why it is then", "5 min before it expires, and 12 s earlier at random"),
        "logins": count("Logins since the start"), "failures_in_a_row": count("Since the last success"), "last_failure": lastFailure,
        "clock_skew": seconds("The partner's clock less this host's", 2),
        "budget": object(["left": .object(["type": "integer"]), "cap": count("New tokens an hour")], required: ["left", "cap"]),
    ]

    private static let lastFailure = object(
        [
            "class": string("What to do about it", "transient"), "reason": string("In words", "the partner answered 500"),
            "advice": string("What an operator does about it", "Wait: logins go on until the partner answers."),
            "status": count("The partner's status"),
            "partner_message": string("The partner's words, redacted; for callers with `admin`", "try later"),
        ], required: ["class", "reason", "advice"])

    private static let pastLogin = object(
        [
            "at": string("When it ended", moment), "outcome": string("`success`, `same_token` or the failure's class", "success"),
            "took_ms": count("Milliseconds"), "status": count("The partner's status"), "reason": string("Why it failed", "the partner answered 500"),
        ], required: ["at", "outcome", "took_ms"])

    private static let problem = object(
        [
            "type": .object([
                "type": "string", "enum": .array(ProblemKind.allCases.map { .string("/problems/\($0.rawValue)") }),
                "description": "Served by the daemon: what it means and what to do",
            ]),
            "title": string("The kind in words", "No token yet"), "status": .object(["type": "integer"]),
            "detail": string("This case", "the first login is still running or about to start"),
            "instance": string("The request's ID in the audit", "9f86d081-42"), "token": string("The token's name", "zapper"),
            "retryable": flag("Whether the same request may succeed later without a change"), "retry_after": count("Seconds, as Retry-After"),
            "expires_in": count("Seconds that the current token is still valid"),
        ], required: ["type", "title", "status", "detail", "instance", "retryable"])
}
