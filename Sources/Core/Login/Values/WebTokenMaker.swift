import JSON
import Providers
import Secrets
import Time
import Tokens

/// Signs JSON Web Tokens (RFC 7515 §3.1, RFC 7519).
struct WebTokenMaker {
    let now: WallTime
    let random: @Sendable (_ count: Int) -> [UInt8]

    /// - Throws: `KeyFault`, if the key cannot sign.
    func make(_ token: WebTokenTemplate, _ scope: ValueScope) throws(KeyFault) -> [UInt8] {
        let key = scope.text(token.key)
        let passphrase = token.passphrase.flatMap { scope.has($0) ? scope.text($0) : nil }
        var algorithm = token.algorithm ?? .RS256
        if token.algorithm == nil { algorithm = try keyFault { () throws(KeyFault) in try Signature.algorithm(of: key, passphrase: passphrase) } }
        let header = object(token.header, scope, added: [("typ", .text("JWT"))], before: ("alg", .text(algorithm.rawValue)))
        let claims = object(
            token.claims, scope,
            added: [
                ("iat", .number(now.seconds - token.backdate.wholeSeconds)), ("exp", .number(now.seconds + token.lifetime.wholeSeconds)),
                ("jti", .text(Base64.encode(random(16), .url))),
            ])
        let text = Array("\(Base64.encode(header, .url)).\(Base64.encode(claims, .url))".utf8)
        let signature = try keyFault { () throws(KeyFault) in try Signature.sign(text, algorithm, key: key, passphrase: passphrase) }
        return text + [UInt8(ascii: ".")] + Array(Base64.encode(signature, .url).utf8)
    }

    private func keyFault<Result>(_ body: () throws(KeyFault) -> Result) throws(KeyFault) -> Result {
        do throws(KeyFault) {
            return try body()
        } catch {
            throw KeyFault(message: "its key \(error.message)")
        }
    }

    private enum Added { case text(String), number(Int64) }

    /// The written members, then those added where they are absent.
    private func object(_ template: JSONTemplate, _ scope: ValueScope, added: [(String, Added)], before first: (String, Added)? = nil) -> [UInt8] {
        guard case .object(let members) = template else { return Array("{}".utf8) }
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in [first].compactMap({ $0 }) { Self.write(name, value, to: &writer) }
        for member in members where member.name != first?.0 {
            guard JSONRendering.isPresent(member.value, scope) else { continue }
            writer.name(member.name)
            if Self.numericDates.contains(member.name), case .string(let text) = member.value, let number = Self.number(scope.text(text)) {
                writer.literal(number)
            } else {
                JSONRendering.write(member.value, scope, to: &writer)
            }
        }
        for (name, value) in added where !members.contains(where: { $0.name == name }) { Self.write(name, value, to: &writer) }
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ name: String, _ value: Added, to writer: inout JSONWriter) {
        writer.name(name)
        switch value {
        case .text(let text): writer.string(text)
        case .number(let number): writer.literal(String(number))
        }
    }

    /// Claims that are numbers by their definition (RFC 7519 §4.1, OpenID Connect Core §2), however they are made.
    private static let numericDates: Set<String> = ["exp", "iat", "nbf", "auth_time"]

    private static func number(_ text: [UInt8]) -> String? {
        (1...15).contains(text.count) && text.allSatisfy { (0x30...0x39).contains($0) } ? String(decoding: text, as: UTF8.self) : nil
    }
}
