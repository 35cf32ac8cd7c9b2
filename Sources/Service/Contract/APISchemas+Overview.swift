import JSON

/// The shape of `/v1/overview`.
extension APISchemas {
    static let overview = object(
        [
            "now": string("The daemon's clock", moment), "summary": string("Its state in one line", "6/6 tokens, next renewal in 4 min"),
            "ready": flag("Whether every required token is usable"),
            "build": object(
                ["version": string("The version", "0.2.0"), "started_at": string("When it started", moment), "uptime": seconds("Since then", 3600)],
                required: ["version", "started_at", "uptime"]),
            "tokens": list(overviewToken, "Those in trouble first, then by name"),
            "states": .object(["type": "object", "description": "The number of tokens in each state", "additionalProperties": count("Tokens")]),
            "tokens_total": count("All tokens this caller may administer, also those beyond `limit`"),
            "logins": list(hour, "Logins of the last 24 hours, by hour, the oldest first"), "callers": list(overviewCaller, "By name"),
            "connections": count("Open connections"), "store": store,
            "reload": object(
                [
                    "successful": flag("Whether the last one was applied"), "fault": string("Why not", "config.yaml:3:5: …"),
                    "path": string("The configuration's file", "/etc/tokenbroker/config.yaml"),
                    "at": string("When a configuration was applied last", moment),
                ], required: ["successful"]),
        ],
        required: ["now", "summary", "ready", "build", "tokens", "states", "tokens_total", "logins", "callers", "connections", "store", "reload"])

    private static let overviewToken = object(
        tokenStatusMembers.merging([
            "served": count("Times it was served since the start"), "actions": list(.object(["type": "string"]), "The actions of its provider"),
            "may_refresh": flag("Whether this caller may log in again"),
        ]) { $1 },
        required: tokenStatusRequired + ["served", "may_refresh"])

    private static let hour = object(
        ["at": string("Its beginning", moment), "succeeded": count("Logins that brought a token"), "failed": count("Logins that failed")],
        required: ["at", "succeeded", "failed"])

    private static let overviewCaller = object(
        [
            "name": string("The client's name; `operator` and `owner` need none; `-`: unknown", "billing"),
            "requests": count("Admitted since the start"), "refused": count("Refused since the start"),
        ], required: ["name", "requests", "refused"])

    private static let store = object(
        [
            "kind": word("Where tokens are kept", ["memory", "sqlite", "etcd"]),
            "place": string("The file, or etcd's addresses", "/var/lib/tokenbroker/tokens.db"),
            "usable": flag("Whether it works; tokens are kept in memory meanwhile"), "host": string("This host's name in the fleet", "web1-3f9c1a2b"),
        ], required: ["kind", "usable"])
}
