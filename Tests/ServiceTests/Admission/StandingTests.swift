import LocalHTTP
import Secrets
import TestSupport
import Testing

@testable import Admission

/// What callers with the same rights may do, and which share their connections count towards.
@Suite struct StandingTests {
    private static let digest = Digest.hex(Digest.sha256(Array("k".utf8)))

    private static func rules() throws -> AdmissionRules {
        let yaml = """
            limits: {user_connections: 5}
            clients:
              own: {key_sha256: \(digest), user: "1000", tokens: [a], limits: {connections: 7}}
              plain: {user: "1001", tokens: [b]}
            tokens:
              a: {provider: pulsecrm, expires: [{after: 15m}], inputs: {base_url: "https://a.example", api_key: {value: k}, api_secret: {value: s}}}
              b: {provider: pulsecrm, expires: [{after: 15m}], inputs: {base_url: "https://b.example", api_key: {value: k}, api_secret: {value: s}}}
            """
        return AdmissionRules(try TestConfiguration.read(yaml), tokens: ["a", "b"])
    }

    @Test func `a client's own limit takes precedence over its user's share`() throws {
        let rules = try Self.rules()
        let (own, plain) = (Standing(Caller(clients: [0]), rules: rules), Standing(Caller(clients: [1]), rules: rules))
        #expect(own.share(1000) == ConnectionShare(.party("own"), limit: 7) && own.ownShare != nil)
        #expect(plain.share(1001) == ConnectionShare(.user(1001), limit: 5) && plain.ownShare == nil)
        #expect(plain.share(nil) == ConnectionShare(.party("plain"), limit: 5))
    }

    @Test func `a caller reads the tokens of its clients, an operator all`() throws {
        let rules = try Self.rules()
        let own = Standing(Caller(clients: [0]), rules: rules)
        #expect(own.mayRead(0) && !own.mayRead(1) && own.name == "own")
        let both = Standing(Caller(clients: [0, 1]), rules: rules)
        #expect(both.mayRead(0) && both.mayRead(1) && both.name == "own,plain")
        #expect(Standing(Caller(clients: [], isOperator: true), rules: rules).mayRead(1))
        #expect(!Standing(Caller(clients: []), rules: rules).mayRead(0))
    }
}
