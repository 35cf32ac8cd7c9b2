import Tokens
import YAML

/// Reads `token:`.
struct TokenReader {
    /// The names after the last answer of a login.
    let scope: NameScope
    let steps: Int

    func read(_ node: YAMLNode) -> TokenReading? {
        guard let mapping = node.mapping() else { return nil }
        defer { mapping.finish() }
        let sources = SourceReader(names: Set(scope.names.keys), steps: steps)
        let source = mapping.require("from").flatMap(sources.read)
        let format = mapping.take("format")?.word(TokenReading.Format.self) ?? .opaque
        let type = mapping.take("type")?.string() ?? "Bearer"
        let pattern = mapping.take("pattern")?.pattern()
        let claim = mapping.take("jwt_exp")
        if let claim, claim.string() != "ignore" { claim.fault("must be the word ignore") }
        let keep = mapping.take("keep").map { ReplyRulesReader(sources: sources).keep($0) } ?? []
        let expires = mapping.take("expires").map(ExpiryReader(sources: sources).read) ?? []
        let refreshToken = mapping.take("refresh_token").flatMap(sources.read)
        let suggested = mapping.take("suggested_lifetime")?.duration(in: Expiry.range)
        guard let source else { return nil }
        return TokenReading(
            source: source, format: format, type: type, keep: keep, ignoresClaim: claim != nil, pattern: pattern, refreshToken: refreshToken,
            expires: expires, suggestedLifetime: suggested)
    }
}
