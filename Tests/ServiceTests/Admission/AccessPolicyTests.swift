import Configuration
import LocalHTTP
import TestSupport
import Testing

@testable import Admission

/// Who may do what with which token.
@Suite struct AccessPolicyTests {
    private static let policy: AccessPolicy? = {
        let yaml = """
            clients:
              reader: {user: root, tokens: ["zapper*"]}
              refresher: {user: root, tokens: [zipteams], may: [refresh]}
              tenant: {user: root, tokens: [{zipteams: {tenant_id: "acme-*"}}]}
              admin: {user: root, tokens: ["*"], may: [admin]}
            tokens: {}
            """
        return (try? TestConfiguration.read(yaml)).map(AccessPolicy.init)
    }()

    struct Row: Sendable {
        var client: Int
        var permission: ClientConfiguration.Permission
        var token: String?
        var inputs: [String: String] = [:]
        var isAllowed: Bool
    }

    static let rows: [Row] = [
        Row(client: 0, permission: .read, token: "zapper-jo", isAllowed: true),
        Row(client: 0, permission: .read, token: "zipteams", isAllowed: false),
        Row(client: 0, permission: .refresh, token: "zapper", isAllowed: false),
        Row(client: 0, permission: .read, token: nil, isAllowed: true),
        Row(client: 0, permission: .read, token: "zapper", inputs: ["tenant_id": "x"], isAllowed: false),
        Row(client: 1, permission: .refresh, token: "zipteams", isAllowed: true),
        Row(client: 1, permission: .read, token: "zipteams", isAllowed: false),
        Row(client: 2, permission: .read, token: "zipteams", inputs: ["tenant_id": "acme-7"], isAllowed: true),
        Row(client: 2, permission: .read, token: "zipteams", inputs: ["tenant_id": "other"], isAllowed: false),
        Row(client: 2, permission: .read, token: "zipteams", inputs: ["tenant_id": "acme-7", "more": "x"], isAllowed: false),
        Row(client: 3, permission: .read, token: "anything", inputs: ["any": "x"], isAllowed: true),
        Row(client: 3, permission: .admin, token: nil, isAllowed: true),
    ]

    @Test(arguments: rows) func `a client may what its entry says`(row: Row) throws {
        let policy = try #require(Self.policy)
        #expect(policy.allows(Caller(clients: [row.client]), row.permission, token: row.token, inputs: row.inputs) == row.isAllowed)
    }

    @Test func `an operator may everything, an owner all but admin, nobody nothing`() throws {
        let policy = try #require(Self.policy)
        #expect(policy.allows(Caller(clients: [], isOperator: true), .admin, token: nil))
        #expect(policy.allows(Caller(clients: [], isOwner: true), .refresh, token: "zapper"))
        #expect(!policy.allows(Caller(clients: [], isOwner: true), .admin, token: "zapper"))
        #expect(!policy.allows(Caller(clients: []), .read, token: nil))
    }
}
