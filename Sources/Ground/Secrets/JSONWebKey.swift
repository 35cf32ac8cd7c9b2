import JSON

/// A key as a JSON Web Key (RFC 7517, RFC 7518 §6).
struct JSONWebKey {
    private let members: JSONValue

    /// Nil for a text that is no JSON object.
    init?(_ text: [UInt8]) {
        guard text.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"), let members = JSONValue(parsing: text), case .object = members else {
            return nil
        }
        self.members = members
    }

    /// The bytes of a symmetric key (`kty` oct); nil for a key of another type.
    var symmetricKey: [UInt8]? { members["kty"] == "oct" ? number("k") : nil }

    /// - Throws: `KeyFault`.
    func key() throws(KeyFault) -> AsymmetricKey {
        let key: AsymmetricKey?
        switch members["kty"]?.text {
        case "RSA":
            let names = [
                ("n", "n"), ("e", "e"), ("d", "d"), ("p", "rsa-factor1"), ("q", "rsa-factor2"), ("dp", "rsa-exponent1"), ("dq", "rsa-exponent2"),
                ("qi", "rsa-coefficient1"),
            ]
            key = AsymmetricKey.of("RSA", numbers: names.compactMap { member, name in number(member).map { (name, $0) } })
        case "EC":
            let groups = ["P-256": "prime256v1", "P-384": "secp384r1", "P-521": "secp521r1"]
            guard let group = members["crv"]?.text.flatMap({ groups[$0] }), let x = number("x"), let y = number("y") else {
                throw KeyFault(message: "is an EC JWK without crv (P-256, P-384 or P-521), x and y")
            }
            key = AsymmetricKey.of("EC", group: group, point: [4] + x + y, numbers: number("d").map { [("priv", $0)] } ?? [])
        default: throw KeyFault(message: "is a JWK whose kty is not RSA or EC")
        }
        guard let key else { throw KeyFault(message: "is a JWK whose members are no key") }
        return key
    }

    private func number(_ name: String) -> [UInt8]? { members[name]?.text.flatMap { Base64.decode($0.utf8, .url) } }
}
