package import JSON

/// The API's description (OpenAPI 3.1), made of the route table and the problem kinds.
package enum OpenAPIDocument {
    /// - Parameter version: the version of the program.
    package static func document(version: String) -> JSONValue {
        var paths: [String: JSONValue] = [:]
        for route in RouteTable.routes {
            let path = "/" + route.pattern.map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : $0 }.joined(separator: "/")
            guard case .object(var methods) = paths[path] ?? .object([:]) else { continue }
            methods[route.method.rawValue.lowercased()] = operation(route)
            paths[path] = .object(methods)
        }
        return .object([
            "openapi": "3.1.0",
            "info": .object([
                "title": "tokenbroker", "version": .string(version), "license": .object(["name": "Apache-2.0", "identifier": "Apache-2.0"]),
                "description": "The current tokens of a company's partners, for programs on this host. HEAD works wherever GET does.",
            ]),
            "servers": .array([.object(["url": "http://127.0.0.1:8653", "description": "Also on the unix socket /run/tokenbroker/api.sock"])]),
            "paths": .object(paths),
            "components": .object([
                "schemas": .object(APISchemas.all),
                "securitySchemes": .object([
                    "key": .object([
                        "type": "http", "scheme": "bearer",
                        "description": "A client key. A caller whose user is a configured client is known without one.",
                    ])
                ]),
            ]),
        ])
    }

    private static func operation(_ route: Route) -> JSONValue {
        let text = RouteDescription(route.endpoint)
        var operation: [String: JSONValue] = [
            "operationId": .string(route.endpoint.rawValue + (route.endpoint.isFacade && route.pattern.count > 2 ? "_named" : "")),
            "summary": .string(text.summary),
        ]
        let permission = self.permission(route)
        operation["description"] = .string([text.text, permission].filter { !$0.isEmpty }.joined(separator: " "))
        let inPath = route.pattern.filter { $0.hasPrefix(":") }.map { part in
            JSONValue.object([
                "name": .string(String(part.dropFirst())), "in": "path", "required": true, "schema": .object(["type": "string", "minLength": 1]),
            ])
        }
        let inQuery = text.query.map { parameter in
            JSONValue.object([
                "name": .string(parameter.name), "in": "query", "description": .string(parameter.text), "schema": parameter.schema,
            ])
        }
        if !inPath.isEmpty || !inQuery.isEmpty { operation["parameters"] = .array(inPath + inQuery) }
        if let body = text.body {
            operation["requestBody"] = .object([
                "required": .bool(body != "ActionInputs"),
                "content": content(route.endpoint.isFacade ? "application/x-www-form-urlencoded" : "application/json", body),
            ])
        }
        operation["security"] = route.isOpen ? .array([]) : .array([.object(["key": .array([])]), .object([:])])
        operation["responses"] = .object(responses(route, text))
        return .object(operation)
    }

    private static func permission(_ route: Route) -> String {
        switch route.permission {
        case .open: "For every caller."
        case .known(let strangersToo): strangersToo ? "For every caller; known ones get more." : "For every known caller."
        case .metrics: "For every known caller, or for all where the configuration opens it."
        case .read: "Needs `read` on the token."
        case .refresh: "Needs `refresh` on the token."
        case .oauth2: "For clients with a key that may read the token."
        case .admin: "Needs `admin`."
        }
    }

    private static func responses(_ route: Route, _ text: RouteDescription) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for success in text.successes {
            var response: [String: JSONValue] = ["description": .string(success.text)]
            if let type = success.mediaType {
                response["content"] = success.schema.map { content(type, $0) } ?? .object([type: .object(["schema": .object(["type": "string"])])])
            }
            if route.endpoint == .token, success.status == 200, case .object(var types)? = response["content"] {
                types["text/plain"] = .object(["schema": .object(["type": "string"])])
                response["content"] = .object(types)
            }
            if route.endpoint == .metrics, case .object(var types)? = response["content"] {
                types["application/openmetrics-text"] = .object(["schema": .object(["type": "string"])])
                response["content"] = .object(types)
            }
            responses["\(success.status)"] = .object(response)
        }
        let kinds = RouteDescription.everywhere + (route.isOpen ? [.browserRequest] : RouteDescription.ofCallers) + text.problems
        for (status, code) in route.endpoint.isFacade ? facadeErrors : [] {
            responses[status] = .object(["description": .string(code), "content": content("application/json", "TokenError")])
        }
        for (status, kinds) in Dictionary(grouping: kinds, by: \.status) {
            let slugs = Set(kinds.map(\.rawValue)).sorted().map { "`\($0)`" }.joined(separator: ", ")
            var response: [String: JSONValue] = ["description": .string(slugs), "content": content("application/problem+json", "Problem")]
            if status == 429 || status == 503 {
                response["headers"] = .object([
                    "Retry-After": .object([
                        "description": "Seconds until it may be asked again", "schema": .object(["type": "integer", "minimum": 1]),
                    ])
                ])
            }
            if responses["\(status)"] == nil { responses["\(status)"] = .object(response) }
        }
        return responses
    }

    private static let facadeErrors = [
        ("400", "`invalid_request`; `invalid_scope` (`invalid-scope`); `unsupported_grant_type` (`unsupported-grant`)"),
        ("401", "`invalid_client`"), ("403", "`invalid_request`"),
        ("429", "`temporarily_unavailable`"), ("502", "`server_error`"), ("503", "`temporarily_unavailable`"),
    ]

    private static func content(_ type: String, _ schema: String) -> JSONValue {
        .object([type: .object(["schema": .object(["$ref": .string("#/components/schemas/\(schema)")])])])
    }
}
