import HTTPTypes
import Login
import OutboundHTTP
import Providers
import TestSupport
import Testing
import Time
import Tokens
import YAML

/// Every built-in definition against literal answers taken from the partner's page.
///
/// A fixture: `# expect: CLASS [PAUSE]` or `# expect: token`, `# says: …` (the partner's words as the operator sees them, or the token's
/// lifetime and header names), comments, status, field lines, an empty line, body.
@Suite struct PartnerFixtureTests {
    struct Fixture: Sendable, CustomTestStringConvertible {
        var provider: String
        var name: String
        var expected: String
        var says: String
        var reply: PartnerReply
        var testDescription: String { "\(provider)/\(name)" }
    }

    static let folder = "Tests/Fixtures/partners"

    static let fixtures: [Fixture] = {
        var fixtures: [Fixture] = []
        for provider in (try? TestFiles.names(folder)) ?? [] {
            for file in (try? TestFiles.names("\(folder)/\(provider)")) ?? [] {
                guard let text = try? TestFiles.text("\(folder)/\(provider)/\(file)") else { continue }
                fixtures.append(parse(text, provider: provider, name: file))
            }
        }
        return fixtures
    }()

    static func parse(_ text: String, provider: String, name: String) -> Fixture {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        func comment(_ key: String) -> String { lines.first { $0.hasPrefix("# \(key): ") }.map { String($0.dropFirst(key.count + 4)) } ?? "" }
        let (expected, says) = (comment("expect"), comment("says"))
        lines.removeAll { $0.hasPrefix("# ") }
        let end = lines.firstIndex(of: "") ?? lines.count
        var fields = HTTPFields()
        for line in lines[1..<end] {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            if let name = HTTPField.Name(parts[0]) { fields.append(HTTPField(name: name, value: String(parts[1].dropFirst()))) }
        }
        // Sent at the second the fixture's Date names, so that local and partner's clock agree.
        let wall = fields[.date].flatMap(CalendarTime.parseIMFFixdate) ?? WallTime(seconds: 1_700_000_000)
        let body = lines[min(end + 1, lines.count)...].joined(separator: "\n")
        let reply = PartnerReply(
            status: Int(lines[0]) ?? 0, fields: fields, body: Array(body.utf8), sentAt: BootInstant(nanoseconds: 0), sentAtWall: wall,
            receivedAtWall: wall)
        return Fixture(provider: provider, name: name, expected: expected, says: says, reply: reply)
    }

    static func run(_ name: String) throws -> LoginRun {
        let definition = try #require(ProviderCatalog.definitions(faults: FaultList())[name])
        var values = ValueScope()
        for input in definition.inputs where !input.isOptional {
            values[input.name] = Array((input.kind == .url ? "https://partner.example" : "value-of-\(input.name)").utf8)
        }
        return LoginRun(definition, values: values, expires: definition.token.expires.isEmpty ? [.after(.seconds(1800))] : nil)
    }

    @Test(arguments: fixtures) func `an answer is what its page says it is`(fixture: Fixture) throws {
        var run = try Self.run(fixture.provider)
        do throws(LoginFailure) {
            guard case .token(let draft) = try run.receive(fixture.reply) else {
                Issue.record("not the last step")
                return
            }
            let lifetime = draft.expiry.lifetime.map { DurationSyntax.format(.seconds(($0 + .milliseconds(1500)).wholeSeconds / 60 * 60)) } ?? "none"
            #expect(fixture.expected == "token")
            #expect(([lifetime] + draft.headers.map(\.name)).joined(separator: ", ") == fixture.says)
        } catch {
            let pause = error.retryAfter.map { " \(DurationSyntax.format($0))" } ?? ""
            #expect(error.failureClass.rawValue + pause == fixture.expected, "\(error.reason)")
            #expect(error.partnerMessage ?? "-" == fixture.says)
        }
    }

    @Test func `every definition has fixtures, and the folder is the catalogue`() throws {
        let folder = try TestFiles.names("Sources/Core/Providers/Definitions").map { String($0.dropLast(".yaml".count)) }
        #expect(ProviderCatalog.builtIn.map(\.name).sorted() == folder)
        #expect(try TestFiles.names(Self.folder) == folder)
        for name in folder {
            let classes = Self.fixtures.filter { $0.provider == name }.map { String($0.expected.prefix { $0 != " " }) }
            #expect(classes.contains("token") && classes.contains("rejected"), "\(name)")
        }
    }

    @Test func `every definition decodes without a fault`() {
        let faults = FaultList()
        #expect(ProviderCatalog.definitions(faults: faults).count == ProviderCatalog.builtIn.count)
        #expect(faults.faults.isEmpty, "\(faults.faults)")
    }

    /// The requests as the pages describe them.
    static let requests: [(provider: String, method: String, url: String, body: String?)] = [
        ("zipteams", "GET", "https://partner.example/api/v1/partner/dashboard/auth/token", nil),
        (
            "zetasafe", "POST", "https://partner.example/ext/userclientauthtoken/get?adminClientId=value-of-admin_client_id",
            #"{"username":"value-of-username","password":"value-of-password"}"#
        ),
        (
            "zapper-service", "POST", "https://partner.example/v1/auth/service/login",
            #"{"apiToken":"value-of-api_token","organisationId":"value-of-organisation_id"}"#
        ),
        ("zapper-customer", "POST", "https://partner.example/v1/auth/customers/login", #"{"email":"value-of-email","password":"value-of-password"}"#),
        (
            "sparrowsms", "POST", "https://partner.example/v1/autho/apitoken/login/",
            #"{"api_token":"value-of-api_token","partner_token":"value-of-partner_token"}"#
        ),
        ("pulsecrm", "POST", "https://partner.example/auth/login", #"{"apiKey":"value-of-api_key","apiSecret":"value-of-api_secret"}"#),
    ]

    @Test(arguments: requests) func `a login request is what the page asks for`(provider: String, method: String, url: String, body: String?) throws {
        let request = try Self.run(provider).request()
        #expect(request.method.rawValue == method)
        #expect(request.url == url)
        #expect(request.body.map { String(decoding: $0, as: UTF8.self) } == body)
        #expect(request.fields[.cacheControl] == "no-cache, no-store")
    }
}
