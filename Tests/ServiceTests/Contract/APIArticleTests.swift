import Foundation
import JSON
import TestSupport
import Testing

@testable import Contract

/// The article about the API, which is made of the same description as /openapi.json.
@Suite struct APIArticleTests {
    private static let path = "Sources/Service/BrokerDaemon/Documentation.docc/API.md"

    private static func members(_ value: JSONValue?) -> [(String, JSONValue)] {
        if case .object(let members)? = value { members.sorted { $0.key < $1.key } } else { [] }
    }

    private static func elements(_ value: JSONValue?) -> [JSONValue] { if case .array(let elements)? = value { elements } else { [] } }

    private static func type(_ schema: JSONValue) -> String {
        if let name = schema["$ref"]?.text { return String(name.split(separator: "/").last ?? "") }
        if let words = schema["enum"], name(of: words).count < 200 { return name(of: words) }
        return schema["type"]?.text ?? "any"
    }

    private static func name(of words: JSONValue) -> String { elements(words).compactMap { $0.text.map { "`\($0)`" } }.joined(separator: ", ") }

    private static let everywhere = Set(RouteDescription.everywhere.map { "`\($0.rawValue)`" })

    private static func operation(_ method: String, _ path: String, _ operation: JSONValue) -> String {
        var text = "## \(method.uppercased()) \(path)\n\n\(operation["summary"]?.text ?? ""). \(operation["description"]?.text ?? "")\n"
        let parameters = elements(operation["parameters"]).filter { $0["in"] == "query" }
        if !parameters.isEmpty {
            text += "\n| parameter | what it is |\n|---|---|\n"
            for parameter in parameters { text += "| `\(parameter["name"]?.text ?? "")` | \(parameter["description"]?.text ?? "") |\n" }
        }
        if let body = operation["requestBody"]?["content"]?["application/json"]?["schema"] { text += "\nThe body is a `\(type(body))`.\n" }
        text += "\n| status | what it says |\n|---|---|\n"
        for (status, response) in members(operation["responses"]) {
            let schema = response["content"]?["application/json"]?["schema"].map { " `\(type($0))`" } ?? ""
            // What any request can be answered by stands once, above.
            let said = (response["description"]?.text ?? "").split(separator: ", ").filter { !everywhere.contains(String($0)) }.joined(
                separator: ", ")
            if !said.isEmpty || !schema.isEmpty { text += "| \(status) | \(said)\(schema) |\n" }
        }
        return text
    }

    private static func schema(_ name: String, _ schema: JSONValue) -> String {
        let required = Set(elements(schema["required"]).compactMap(\.text))
        var text = "### \(name)\n\n| member | type | what it is |\n|---|---|---|\n"
        for (member, value) in members(schema["properties"]) {
            let example = elements(value["examples"]).first.map { ", such as `\($0.scalarText ?? "")`" } ?? ""
            let isOptional = required.contains(member) ? "" : " (may be absent)"
            text += "| `\(member)` | \(type(value)) | \(value["description"]?.text ?? "")\(example)\(isOptional) |\n"
        }
        return text
    }

    private static var article: String {
        let document = OpenAPIDocument.document(version: "")
        var parts = [
            """
            # API

            Every route, parameter, status and problem, and the shapes of bodies. `GET /openapi.json` has the same for programs.

            Every answer that is no success is a `Problem` (RFC 9457) of a kind that `GET /problems/KIND` explains. Every 429 and 503 has `Retry-After`
            in seconds. Any request can be answered by \(RouteDescription.everywhere.map { "`\($0.rawValue)`" }.joined(separator: ", ")). HEAD works wherever GET does. The service listens at `http://127.0.0.1:8653` and `/run/tokenbroker/api.sock`.

            ```
            curl -H 'Authorization: Bearer KEY' http://127.0.0.1:8653/v1/tokens/zapper
            ```
            """
        ]
        for (path, methods) in members(document["paths"]) { for (method, text) in members(methods) { parts.append(operation(method, path, text)) } }
        parts.append("## Shapes\n")
        for (name, text) in members(document["components"]?["schemas"]) where text["properties"] != nil { parts.append(schema(name, text)) }
        parts.append("## Problems\n\n| kind | status | what it means and what to do |\n|---|---|---|")
        parts[parts.count - 1] += ProblemKind.allCases.map { "\n| `\($0.rawValue)` | \($0.status) | \($0.title). \($0.help) |" }.joined() + "\n"
        return parts.map { $0.trimmingCharacters(in: .newlines) }.joined(separator: "\n\n") + "\n"
    }

    /// Where it is not, UPDATE_ARTICLES=1 writes it.
    @Test func `the article about the API says what the program says`() throws {
        if ProcessInfo.processInfo.environment["UPDATE_ARTICLES"] != nil {
            try TestFiles.write(Self.article, to: "\(Repository.root)/\(Self.path)", mode: 0o644)
        }
        #expect(try TestFiles.text(Self.path) == Self.article)
    }
}
