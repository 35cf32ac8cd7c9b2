import HTTPTypes
import Patterns
import Providers
import Secrets
import Time

/// A definition in words.
struct ProviderDescription {
    private let definition: ProviderDefinition
    private let origin: String

    init(_ definition: ProviderDefinition, origin: String) {
        self.definition = definition
        self.origin = origin
    }

    var text: String {
        let head = [
            definition.title == definition.name ? definition.name : "\(definition.name): \(definition.title)", definition.documentation, origin,
        ].compactMap { $0 }.joined(separator: "\n")
        let sections: [(String, [String])] = [
            ("Inputs", inputs), ("Values made at each login", definition.values.map { "{\($0.name)}  \(Self.words($0.expression))" }),
            ("Login", login), ("Login of a person", person),
            ("Refresh", definition.refreshRequest.map { Self.lines($0) } ?? []), ("Token", token), ("What callers get", use),
            ("What refusals mean", refusals), ("Other requests", others), ("Actions", actions), ("An entry for config.yaml", entry),
        ]
        return ([head] + sections.filter { !$0.1.isEmpty }.map { title, lines in ([title] + lines.map { "  \($0)" }).joined(separator: "\n") })
            .joined(separator: "\n\n")
    }

    private var inputs: [String] {
        var table = Table(["NAME", "VALUE", "DESCRIPTION"])
        for input in definition.inputs {
            let value =
                input.isToken
                ? "another entry's token\(input.isOptional ? ", optional" : "")"
                : input.defaultValue ?? (input.isOptional ? "optional" : input.discovered != nil ? "from issuer, or set" : "required")
            let kind = (input.isSecret ? ", secret" : "") + (input.kind == .url ? ", a URL" : "")
            let pattern = input.pattern.map { "must match \($0.text)" }
            table.rows.append(
                [input.name, value + kind, [input.description, pattern].compactMap { $0 }.joined(separator: "; ")].map { Table.Cell($0) })
        }
        return definition.inputs.isEmpty
            ? ["none"] : table.text(colored: false).split(separator: "\n").map { String($0.reversed().drop { $0 == " " }.reversed()) }
    }

    private var login: [String] {
        if definition.login.isEmpty { return ["no request: the token is made here"] }
        return definition.login.enumerated().flatMap { number, request in
            (definition.login.count > 1 ? ["step \(number)"] : []) + Self.lines(request)
        }
    }

    private var person: [String] {
        guard let person = definition.person else { return [] }
        let unless = person.unless.map { ", unless \($0) is set" } ?? ""
        let places = [person.device.map { "by a device code at \($0.text)" }, person.authorize.map { "in a browser at \($0.text)" }].compactMap { $0 }
        return ["tokenbroker login NAME, once\(unless): \(places.joined(separator: ", or "))"]
    }

    private static func lines(_ request: RequestTemplate) -> [String] {
        var lines = ["\(request.method.rawValue) \(request.url.text)"] + request.headers.map { "  \($0.name.rawName): \($0.value.text)" }
        switch request.body {
        case .none: break
        case .json(let json): lines.append("  body, JSON: \(json.text)")
        case .form(let pairs): lines.append("  body, form: \(pairs.map { "\($0.name)=\($0.value.text)" }.joined(separator: "&"))")
        case .xml(let text): lines.append("  body, XML: \(text.text)")
        case .text(let text): lines.append("  body: \(text.text)")
        }
        let tests = request.success.tests.map(\.description)
        if !tests.isEmpty || request.success.statuses != SuccessRule().statuses {
            let statuses = "status \(request.success.statuses.map(\.description).joined(separator: ", "))"
            lines.append("  success: \(([statuses] + tests).joined(separator: "; "))")
        }
        return lines + request.keep.map { "  keeps \($0.name) from \($0.source)" }
    }

    private var token: [String] {
        let token = definition.token
        var lines = ["from \(token.source)\(token.format == .jwt ? ", a JSON Web Token" : "")"]
        if token.expires.isEmpty {
            let suggested = token.suggestedLifetime.map { ", for example expires: [{after: \(DurationSyntax.format($0))}]" } ?? ""
            lines.append("lifetime: not stated; the entry must set it\(suggested)")
        } else {
            lines.append("lifetime: \(token.expires.map(Self.words).joined(separator: ", else "))")
        }
        if let refreshToken = token.refreshToken { lines.append("refresh token: from \(refreshToken)") }
        lines += token.keep.map { "keeps \($0.name) from \($0.source)\($0.isOptional ? ", where it is there" : "")" }
        if let limit = definition.limit { lines.append("at most \(limit.count) logins in \(DurationSyntax.words(limit.period))") }
        if definition.isExclusive { lines.append("exclusive: a new login ends the token before") }
        return lines
    }

    private static func words(_ source: ExpirySource) -> String {
        switch source {
        case .value(let list, let formats): "\(list) (\(formats.map(words).joined(separator: " or ")))"
        case .cookie(let name, _): "the end of \(name.map { "cookie \($0)" } ?? "the cookies")"
        case .claim(let claim): "the token's own \(claim)"
        case .after(let duration): "\(DurationSyntax.words(duration)) after the login"
        case .never: "no end"
        }
    }

    private static func words(_ format: ExpirySource.Format) -> String {
        switch format {
        case .lifetime(let unit): unit == .seconds(1) ? "seconds" : unit == .seconds(60) ? "minutes" : "milliseconds"
        case .daysHoursMinutes: "D:HH:MM"
        case .rfc3339: "RFC 3339"
        case .unixSeconds: "seconds since 1970"
        case .unixMilliseconds: "milliseconds since 1970"
        case .httpDate: "an HTTP date"
        case .pattern(let pattern, _): pattern
        }
    }

    private static func words(_ expression: DerivedValue.Expression) -> String {
        switch expression {
        case .template(let text): text.text
        case .first(let texts): "the first that is there of \(texts.map(\.text).joined(separator: ", "))"
        case .base64(let text, let encoding): "\(encoding.rawValue) of \(text.text)"
        case .unbase64(let text): "\(text.text), decoded from base64"
        case .urlencode(let text): "\(text.text), percent-encoded"
        case .hash(let algorithm, let message, let encoding): "\(algorithm.rawValue) of \(message.text.debugDescription), \(encoding.rawValue)"
        case .hmac(let algorithm, let key, let message, let encoding):
            "HMAC-\(algorithm.rawValue) of \(message.text.debugDescription) with the key \(key.text), \(encoding.rawValue)"
        case .random(let count, let encoding): "\(count) random bytes, \(encoding.rawValue)"
        case .totp(let password): "a one-time password of \(password.digits) digits from \(password.secret.text)"
        case .time: "the time of the login"
        case .jwt(let token):
            "a JSON Web Token signed with \(token.key.text) (\(token.algorithm?.rawValue ?? "by the key")), claims \(token.claims.text), \(DurationSyntax.words(token.lifetime))"
        case .rsa(let key, let isOAEP, let message, _): "\(message.text), encrypted with \(key.text) (\(isOAEP ? "OAEP" : "PKCS #1"))"
        }
    }

    private var use: [String] {
        let headers = definition.use.headers.map { "header \($0.name.rawName): \($0.value.text)" }
        return headers + (definition.use.query ?? []).map { "query \($0.name)=\($0.value.text)" }
            + (definition.use.json.map { ["JSON \($0.text)"] } ?? [])
    }

    private var refusals: [String] {
        let errors = definition.errors
        let classes = [
            ("rejected", "the credentials are wrong", errors.rejected), ("throttled", "a pause", errors.throttled),
            ("transient", "tried again soon", errors.transient), ("refused", "tried again, less and less often", errors.refused),
        ]
        let own = classes.flatMap { name, meaning, tests in tests.map { "\(name) (\(meaning)): \($0)" } }
        return own + [
            "\(own.isEmpty ? "" : "else ")by the status: 401 rejected, 429 throttled, 5xx transient, other 4xx refused; an OAuth2 error by its code"
        ]
    }

    private var others: [String] {
        let verify = definition.verify.map { ["verify, after a report that the partner refused the token"] + Self.lines($0) } ?? []
        let logout = definition.logout.map { ["logout, for a token that is given up"] + Self.lines($0.request) } ?? []
        let prolong = definition.prolongation.map { ["prolong, every \(DurationSyntax.words($0.every))"] + Self.lines($0.request) } ?? []
        return verify + logout + prolong
    }

    private var actions: [String] {
        definition.actions.flatMap { action in
            ["tokenbroker call TOKEN \(([action.name] + action.inputs.map { "\($0.name)=…" }).joined(separator: " "))"] + Self.lines(action.request)
        }
    }

    private var entry: [String] {
        var lines = ["tokens:", "  \(definition.name):", "    provider: \(definition.name)"]
        let needed = definition.inputs.filter { $0.isRequired || $0.discovered != nil && !$0.isOptional }
        if !needed.isEmpty { lines.append("    inputs:") }
        for input in needed {
            let value =
                input.isToken
                ? "{token: NAME}"
                : input.isSecret
                    ? "{credential: \(definition.name)-\(input.name.replacing("_", with: "-"))}" : input.kind == .url ? "https://…" : "…"
            lines.append("      \(input.name): \(value)")
        }
        if definition.token.expires.isEmpty {
            lines.append("    expires: [{after: \(DurationSyntax.format(definition.token.suggestedLifetime ?? .seconds(1800)))}]")
        }
        return lines
    }
}
