import Configuration
import LocalHTTP
import TestSupport
import Testing
import Time

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

    @Test func `a unit's client is the first that may have the token`() throws {
        let yaml = """
            clients:
              other: {unit: "b-*.service", tokens: ["*"]}
              narrow: {unit: "a.service", tokens: ["zip*"]}
              wide: {unit: "a*.service", tokens: ["*"]}
            tokens: {}
            """
        let policy = try AccessPolicy(TestConfiguration.read(yaml))
        #expect(policy.client(ofUnit: "a.service", token: "zipteams") == "narrow")
        #expect(policy.client(ofUnit: "a.service", token: "zapper") == "wide")
        #expect(policy.client(ofUnit: "c.service", token: "zapper") == nil)
    }

    @Test func `refusals are counted for a thousand users each, and for all others together`() {
        var limit = RefusalLimit(Rate(count: 2, period: .seconds(60)))
        func isRefused(_ user: UInt32, at now: Int64 = 0) -> Bool { limit.take(user: user, at: now) != nil }
        for user in UInt32(0)..<1024 { #expect(!isRefused(user)) }
        // Full buckets would make room; none is full yet.
        #expect([5000, 5001, 5002].map { isRefused($0) } == [false, false, true])
        #expect([7, 7].map { isRefused($0) } == [false, true])
        // An hour later there is room again.
        #expect([5000, 5001, 5000].map { isRefused($0, at: 3_600_000_000_000) } == [false, false, false])
    }

    @Test func `root is a user of this host, and of its own group`() {
        #expect(UserDatabase.user("root") == 0 && UserDatabase.group("root") == 0 && UserDatabase.user("4711") == 4711)
        #expect(UserDatabase.members("root").contains(0) && UserDatabase.members("no such group").isEmpty)
        #expect(UserDatabase.groupName(0) == "root" && UserDatabase.groupName(4_000_000_000) == "4000000000")
        let accounts = UserDatabase.accounts
        #expect(
            accounts.hasUser("root") && !accounts.hasUser("no such user") && accounts.users().contains("root") && accounts.groups().contains("root"))
    }

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
