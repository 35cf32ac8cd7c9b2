import FoundationEssentials

/// A partner's token, with everything that a request to the partner needs.
public struct BrokerToken: Sendable, Equatable {
    public let value: String
    /// Request headers to send to the partner; they hold the token.
    public let headers: [String: String]
    /// Pairs of the query to send to the partner; empty for most.
    public let query: [String: String]
    /// Other values of the login, such as the partner's account.
    public let values: [String: String]
    /// Names the token in logs and reports; nothing secret.
    public let fingerprint: String
    /// Whole seconds that were left when the answer was sent; nil: it does not end.
    public let expiresIn: Duration?

    init(_ body: [UInt8]) throws(TokenBrokerError) {
        let wire: Wire
        do {
            wire = try JSONDecoder().decode(Wire.self, from: Data(body))
        } catch {
            throw .badAnswer("it is not a token")
        }
        value = wire.access_token
        headers = wire.headers ?? [:]
        query = wire.query ?? [:]
        values = wire.values ?? [:]
        fingerprint = wire.fingerprint
        expiresIn = wire.expires_in.map { .seconds($0) }
    }

    static func action(_ body: [UInt8]) throws(TokenBrokerError) -> String {
        do {
            return try JSONDecoder().decode(Action.self, from: Data(body)).action
        } catch {
            throw .badAnswer("it is not an answer to a report")
        }
    }

    private struct Action: Decodable { let action: String }

    /// Members as they are on the wire.
    private struct Wire: Decodable {
        let access_token: String
        let expires_in: Int?
        let fingerprint: String
        let headers: [String: String]?
        let query: [String: String]?
        let values: [String: String]?
    }
}
