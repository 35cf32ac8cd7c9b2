import Contract
import LocalHTTP
import Secrets
import Text

/// A token request to the OAuth2 facade (RFC 6749 §4.4.2): the client's name and key, by Basic or in the body, and what it asks for.
struct OAuth2Request {
    let client: String
    /// What the key may be: decoded, and as it stands, since some libraries encode the parts of Basic and others do not.
    let keys: [[UInt8]]
    /// Names of tokens in `scope`.
    let scopes: [String]
    /// Parameters that are no part of OAuth2: per-request inputs, `wait`, `min_valid` and unknown ones.
    let others: [(name: String, value: String)]

    private static let maximumPairs = 64
    /// Parameters of OAuth2 and its extensions that the facade has no use for.
    private static let known: Set<String> = [
        "grant_type", "client_id", "client_secret", "scope", "audience", "resource", "client_assertion", "client_assertion_type",
    ]

    /// - Throws: `Problem` for a body that is not form-encoded, a parameter twice, another grant, and credentials that are missing or doubled.
    ///
    /// - Parameter query: of the target; what the body has counts.
    init(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, _ body: Span<UInt8>, query: [(name: String, value: String)]) throws(Problem) {
        guard let type = head.value(of: .contentType), Self.isForm(bytes.text(type)) else {
            throw Problem(.invalidParameter, "the body must be application/x-www-form-urlencoded")
        }
        let pairs = try Self.pairs(body.copied)
        func value(_ name: String) -> String? { pairs.first { $0.name == name }?.value }
        let basic = try head.value(of: .authorization).map { field throws(Problem) in try Self.basic(bytes.text(field)) }
        guard let grant = value("grant_type") else { throw Problem(.invalidParameter, "grant_type is missing") }
        guard grant == "client_credentials" else { throw Problem(.unsupportedGrant, "the only grant is client_credentials") }
        if let basic {
            guard value("client_secret") == nil, value("client_id").map({ $0 == basic.client }) ?? true else {
                throw Problem(.invalidParameter, "the client authenticates by Basic and in the body; one of them is enough")
            }
            (client, keys) = basic
        } else if let client = value("client_id"), let secret = value("client_secret") {
            (self.client, keys) = (client, [Array(secret.utf8)])
        } else {
            throw Problem(.unauthenticated, "the client's name and key are missing: by Basic, or as client_id and client_secret")
        }
        scopes = (value("scope") ?? "").split(separator: " ").map(String.init)
        let own = pairs.filter { !Self.known.contains($0.name) }
        others = own + query.filter { pair in !Self.known.contains(pair.name) && !own.contains { $0.name == pair.name } }
    }

    /// The token's name, by the path or by `scope`.
    func token(_ named: String?) throws(Problem) -> String {
        switch (named, scopes.count) {
        case (let named?, 0): return named
        case (let named?, 1) where scopes[0] == named: return named
        case (nil, 1): return scopes[0]
        case (.some, _): throw Problem(.invalidScope, "scope names another token than the path")
        case (nil, 0): throw Problem(.invalidScope, "scope is missing: the name of one token; or ask at /oauth2/NAME/token")
        case (nil, _): throw Problem(.invalidScope, "scope names several tokens; ask for each by itself")
        }
    }

    private static func isForm(_ type: String) -> Bool {
        type.prefix { $0 != ";" }.lowercased().filter { $0 != " " } == "application/x-www-form-urlencoded"
    }

    /// Name and key, each form-encoded before both were joined (RFC 6749 §2.3.1); one that is not encoded means itself.
    private static func basic(_ field: String) throws(Problem) -> (client: String, keys: [[UInt8]]) {
        guard field.prefix(6).lowercased() == "basic ", let text = Base64.decode(field.utf8.dropFirst(6).drop { $0 == 0x20 }, .standard),
            let colon = text.firstIndex(of: UInt8(ascii: ":")), let client = decoded(text[..<colon])
        else { throw Problem(.unauthenticated, "Authorization must be Basic, with the client's name and key") }
        let key = text[text.index(after: colon)...]
        let encoded = decoded(key).map { Array($0.utf8) }
        return (client, encoded == Array(key) ? [Array(key)] : [encoded, Array(key)].compactMap { $0 })
    }

    private static func pairs(_ body: [UInt8]) throws(Problem) -> [(name: String, value: String)] {
        let parts = body.split(separator: UInt8(ascii: "&"))
        guard parts.count <= maximumPairs else { throw Problem(.invalidParameter, "the body has more than \(maximumPairs) parameters") }
        var pairs: [(name: String, value: String)] = []
        var names: Set<[UInt8]> = []
        for part in parts {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(halves[0]), let value = halves.count > 1 ? decoded(halves[1]) : "" else {
                throw Problem(.invalidParameter, "a parameter of the body is not form-encoded UTF-8")
            }
            guard names.insert(Array(name.utf8)).inserted else { throw Problem(.invalidParameter, "\(name) appears twice") }
            pairs.append((name, value))
        }
        return pairs
    }

    private static func decoded(_ text: ArraySlice<UInt8>) -> String? {
        FormText.decode(text).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
