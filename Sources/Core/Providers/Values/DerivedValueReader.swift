import Secrets
import Time
import YAML

/// Reads `values:`. A new kind of value needs a case of `DerivedValue.Expression` and an entry here.
struct DerivedValueReader {
    private static let encodingKinds: Set<String> = ["hash", "hmac", "random", "rsa"]
    static let kinds = ["template", "first", "base64", "base64url", "unbase64", "urlencode", "hash", "hmac", "random", "totp", "time", "jwt", "rsa"]

    /// Names are checked by `checkNames`, when all that exist are known.
    private let templates = TemplateReader(scope: nil)

    func read(_ node: YAMLNode, inputs: [InputDefinition]) -> [(value: DerivedValue, place: YAMLNode)] {
        guard let mapping = node.mapping() else { return [] }
        return mapping.members.compactMap { member in
            if !Names.isValidInput(member.name) || member.name == "refresh_token" {
                member.node.fault("a value's name must be snake_case: a-z, 0-9 and underscore; token, steps and refresh_token are reserved")
            }
            if inputs.contains(where: { $0.name == member.name }) { member.node.fault("is an input already; choose another name") }
            return expression(member.node).map { (DerivedValue(name: member.name, expression: $0), member.node) }
        }
    }

    /// Reports names that no value can have.
    ///
    /// - Parameter known: inputs, the token, the refresh token and kept values.
    static func checkNames(_ read: [(value: DerivedValue, place: YAMLNode)], known: Set<String>) {
        var known = known
        for (value, place) in read {
            for name in Set(value.names).sorted() where !known.contains(name) {
                place.fault("{\(name)} is not known here: a value names inputs, values above it, {token}, {refresh_token} and kept values")
            }
            known.insert(value.name)
        }
    }

    private func expression(_ node: YAMLNode) -> DerivedValue.Expression? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let taken = Self.kinds.compactMap { kind in mapping.take(kind).map { (kind, $0) } }
        let encoding = mapping.take("encoding")
        guard taken.count == 1, let (kind, value) = taken.first else {
            node.fault("must have one of: \(Self.kinds.joined(separator: ", "))")
            return nil
        }
        if let encoding, !Self.encodingKinds.contains(kind) {
            encoding.fault("applies only to \(Self.encodingKinds.sorted().joined(separator: ", "))")
        }
        switch kind {
        case "template": return text(value).map { .template($0) }
        case "first":
            let texts = (value.list() ?? []).compactMap(text)
            if texts.count < 2 { value.fault("must list at least two templates, the last one with what always has a value") }
            return texts.isEmpty ? nil : .first(texts)
        case "base64": return text(value).map { .base64($0, .base64) }
        case "base64url": return text(value).map { .base64($0, .base64url) }
        case "unbase64": return text(value).map { .unbase64($0) }
        case "urlencode": return text(value).map { .urlencode($0) }
        case "random": return value.integer(in: 1...256).map { .random($0, self.encoding(encoding, or: .hex)) }
        default: return value.mapping().flatMap { settings($0, of: kind, encoding: encoding) }
        }
    }

    private func settings(_ mapping: YAMLMapping, of kind: String, encoding outer: YAMLNode?) -> DerivedValue.Expression? {
        defer { mapping.finish() }
        let inner = Self.encodingKinds.contains(kind) ? mapping.take("encoding") : nil
        if let inner, outer != nil { inner.fault("is set twice, here and beside \(kind)") }
        let encoding = encoding(inner ?? outer, or: kind == "rsa" ? .base64 : .hex)
        switch kind {
        case "hash":
            let algorithm = mapping.require("algorithm")?.word(DigestAlgorithm.self)
            guard let message = mapping.require("message").flatMap(text), let algorithm else { return nil }
            return .hash(algorithm, message: message, encoding)
        case "hmac":
            let algorithm = mapping.require("hash")?.word(DigestAlgorithm.self)
            let (key, message) = (mapping.require("key").flatMap(text), mapping.require("message").flatMap(text))
            guard let algorithm, let key, let message else { return nil }
            return .hmac(algorithm, key: key, message: message, encoding)
        case "rsa":
            let (key, message) = (mapping.require("key").flatMap(text), mapping.require("message").flatMap(text))
            let padding = mapping.take("padding")
            let word = padding.map { $0.string() } ?? "oaep"
            if word != "oaep", word != "pkcs1" { padding?.fault("must be oaep or pkcs1") }
            guard let key, let message else { return nil }
            return .rsa(key: key, isOAEP: word == "oaep", message: message, encoding)
        case "totp":
            guard let secret = mapping.require("secret").flatMap(text) else { return nil }
            var password = OneTimePassword(secret: secret)
            if let digits = mapping.take("digits")?.integer(in: 6...8) { password.digits = digits }
            if let period = mapping.take("period")?.duration(in: .seconds(5) ... .seconds(600)) { password.period = period }
            return .totp(password)
        case "time": return time(mapping).map { .time($0) }
        default: return webToken(mapping).map { .jwt($0) }
        }
    }

    private func time(_ mapping: YAMLMapping) -> TimeText? {
        guard let format = mapping.require("format"), let word = format.string() else { return nil }
        var text = TimeText(format: .pattern(word))
        switch word {
        case "unix": text.format = .unix
        case "unix_ms": text.format = .unixMilliseconds
        case "rfc3339": text.format = .rfc3339
        case "http_date": text.format = .httpDate
        default:
            if let problem = TimePattern.problem(with: word) {
                format.fault("must be unix, unix_ms, rfc3339, http_date or a pattern of strftime(3) such as \"%Y%m%dT%H%M%SZ\"; this one \(problem)")
            }
        }
        text.zone = mapping.take("zone").flatMap(ZoneReader.read) ?? text.zone
        if let offset = mapping.take("offset") {
            if case .string(let written) = offset.scalar, written.hasPrefix("-") {
                if let duration = DurationSyntax.parse(String(written.dropFirst())) {
                    text.offset = .zero - duration
                } else {
                    _ = offset.duration(in: .zero ... .seconds(1))
                }
            } else {
                text.offset = offset.duration(in: .zero ... .seconds(366 * 86_400)) ?? .zero
            }
        }
        return text
    }

    private func webToken(_ mapping: YAMLMapping) -> WebTokenTemplate? {
        let word = mapping.require("alg")
        let isAuto = word?.scalar == .string("auto")
        let algorithm = isAuto ? nil : word?.word(Signature.Algorithm.self)
        let key = mapping.require("key").flatMap(text)
        let passphrase = mapping.take("passphrase").flatMap(text)
        let header = object(mapping.take("header"))
        let claims = object(mapping.take("claims"))
        let lifetime = mapping.take("lifetime")?.duration(in: .seconds(10) ... .seconds(400 * 86_400)) ?? .seconds(300)
        let backdate = mapping.take("backdate")?.duration(in: .zero ... .seconds(3600)) ?? .zero
        guard isAuto || algorithm != nil, let key else { return nil }
        return WebTokenTemplate(
            algorithm: algorithm, key: key, passphrase: passphrase, header: header, claims: claims, lifetime: lifetime, backdate: backdate)
    }

    private func object(_ node: YAMLNode?) -> JSONTemplate {
        guard let node else { return .object([]) }
        if !node.isMapping { node.fault("must be a mapping") }
        return templates.json(node)
    }

    private func text(_ node: YAMLNode) -> Template? { templates.template(node) }

    private func encoding(_ node: YAMLNode?, or usual: DerivedValue.Encoding) -> DerivedValue.Encoding {
        node?.word(DerivedValue.Encoding.self) ?? usual
    }
}
