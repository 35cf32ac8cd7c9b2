import JSON
import TestSupport
import Testing

@testable import Contract

/// The API's description, held against the table of routes and the kinds of problems.
@Suite struct OpenAPIDocumentTests {
    private static let document = OpenAPIDocument.document(version: "1.2.3")

    private static func members(_ value: JSONValue?) -> [String: JSONValue] { if case .object(let members)? = value { members } else { [:] } }

    @Test func `every route is described with its parameters, and nothing else is`() throws {
        var described: Set<String> = []
        for (path, methods) in Self.members(Self.document["paths"]) {
            for (method, operation) in Self.members(methods) {
                described.insert("\(method.uppercased()) \(path)")
                guard case .array(let parameters) = operation["parameters"] ?? .array([]) else { throw TestFailure("\(path)") }
                let inPath = parameters.filter { $0["in"] == "path" }.compactMap { $0["name"]?.text }
                #expect(inPath == path.matches(of: /{([a-z]+)}/).map { String($0.output.1) }, "\(path)")
                #expect(operation["summary"]?.text?.isEmpty == false && operation["description"]?.text?.isEmpty == false)
            }
        }
        let routes = RouteTable.routes.map { route in
            "\(route.method.rawValue) /\(route.pattern.map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : $0 }.joined(separator: "/"))"
        }
        #expect(described == Set(routes))
    }

    @Test func `every problem is named where it can come, with its status`() {
        var named: Set<String> = []
        for methods in Self.members(Self.document["paths"]).values {
            for operation in Self.members(methods).values {
                for (status, response) in Self.members(operation["responses"]) {
                    for slug in (response["description"]?.text ?? "").matches(of: /`([a-z-]+)`/).map({ String($0.output.1) }) {
                        guard let kind = ProblemKind(rawValue: slug) else { continue }
                        named.insert(slug)
                        #expect(String(kind.status) == status, "\(slug)")
                    }
                }
            }
        }
        #expect(named == Set(ProblemKind.allCases.map(\.rawValue)))
    }

    @Test func `every reference leads to a schema, and every schema is used`() {
        let text = Self.document.jsonText
        let used = Set(text.matches(of: /"#\/components\/schemas\/([A-Za-z]+)"/).map { String($0.output.1) })
        #expect(used == Set(APISchemas.all.keys))
    }

    @Test func `what a live daemon answers has the members of its schema, and no other`() async throws {
        try await LiveBroker.with { live in
            _ = try await live.ask("GET", "/v1/tokens/zapper?wait=10")
            let served = try await live.ask("GET", "/openapi.json", key: nil)
            #expect(served.status == 200 && served.json["openapi"] == "3.1.0")
            let answers = [
                ("Token", try await live.ask("GET", "/v1/tokens/zapper").json), ("TokenList", try await live.ask("GET", "/v1/tokens").json),
                ("TokenStatus", try await live.ask("GET", "/v1/tokens/zapper/status").json),
                ("Problem", try await live.ask("GET", "/v1/tokens/none").json),
                (
                    "RejectionAction",
                    try await live.ask("POST", "/v1/tokens/zapper/rejections", body: #"{"fingerprint":"000000000000","status":401}"#).json
                ),
            ]
            for (name, answer) in answers {
                let schema = served.json["components"]?["schemas"]?[name]
                let known = Set(Self.members(schema?["properties"]).keys)
                guard case .array(let required)? = schema?["required"] else { throw TestFailure(name) }
                let found = Set(Self.members(answer).keys)
                #expect(
                    found.isSubset(of: known) && Set(required.compactMap(\.text)).isSubset(of: found), "\(name): \(found.symmetricDifference(known))")
            }
        }
    }
}
