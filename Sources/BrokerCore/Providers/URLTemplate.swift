/// A URL in parts, so that a value can only ever be a value: scheme and host come from the definition or from an input
/// of `kind: url`, the path and the query take percent-encoded values.
package struct URLTemplate: Sendable, Hashable {
    package enum Origin: Sendable, Hashable {
        /// `https://host[:port]`, written in the definition.
        case fixed(String)
        /// An input or kept value of `kind: url`: scheme, host, port and path prefix.
        case named(String)
    }

    package let origin: Origin
    package let path: Template
    package let query: [PairTemplate]

    /// - Throws: `TemplateFault` where the URL does not begin with `https://`, `http://` or a `{name}`.
    package init(_ text: String) throws(TemplateFault) {
        var parts = try Template(text).parts
        switch parts.removeFirst() {
        case .name(let name):
            origin = .named(name)
        case .text(let text):
            guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else {
                throw TemplateFault(message: "a URL begins with https:// or with an input of kind url, such as {base_url}")
            }
            let rest = text.dropFirst(scheme.count)
            let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            guard end > rest.startIndex, end < rest.endIndex || parts.isEmpty else {
                throw TemplateFault(message: "the host of a URL is fixed; use an input of kind url for one that is not")
            }
            origin = .fixed(scheme + rest[..<end])
            parts.insert(.text(String(rest[end...])), at: 0)
        }
        let (path, query) = Self.split(parts, at: "?")
        self.path = Template(parts: path)
        if case .text(let text)? = path.first, !text.isEmpty, !text.hasPrefix("/") {
            throw TemplateFault(message: "a path begins with /")
        }
        self.query = try Self.pairs(query ?? [])
    }

    package var names: [String] {
        let first = if case .named(let name) = origin { [name] } else { [String]() }
        return first + path.names + query.flatMap(\.value.names)
    }

    /// The URL with the values of a login.
    package func render(_ values: ValueScope) throws(LoginFailure) -> String {
        var text: String
        switch origin {
        case .fixed(let origin): text = origin
        case .named(let name):
            guard let value = values[name] else { throw LoginFailure(.local, "{\(name)} has no value") }
            text = try BaseURL.checked(String(decoding: value, as: UTF8.self), name: name)
        }
        guard let path = try path.render(values, encode: { name, value throws(LoginFailure) in try PlaceEncoding.pathSegment(name, value) }) else {
            throw LoginFailure(.local, "the path names a value that was not given")
        }
        text += String(decoding: path, as: UTF8.self)
        var separator = "?"
        for pair in query {
            guard let value = try pair.value.render(values, encode: { _, value throws(LoginFailure) in PlaceEncoding.percent(value) }) else {
                continue
            }
            text += "\(separator)\(pair.name)=\(String(decoding: value, as: UTF8.self))"
            separator = "&"
        }
        return text
    }

    private static func pairs(_ parts: [Template.Part]) throws(TemplateFault) -> [PairTemplate] {
        var pairs: [PairTemplate] = []
        var rest: [Template.Part]? = parts.isEmpty ? nil : parts
        while let current = rest {
            let (pair, next) = split(current, at: "&")
            let (name, value) = split(pair, at: "=")
            guard name.count == 1, case .text(let text) = name[0], !text.isEmpty else { throw TemplateFault(message: "a query pair is name={value}") }
            pairs.append(PairTemplate(name: text, value: Template(parts: value ?? [.text("")])))
            rest = next
        }
        return pairs
    }

    /// The parts before the first such character of literal text, and those behind it.
    private static func split(_ parts: [Template.Part], at character: Character) -> ([Template.Part], [Template.Part]?) {
        for (index, part) in parts.enumerated() {
            guard case .text(let text) = part, let place = text.firstIndex(of: character) else { continue }
            let before = text[..<place].isEmpty ? [] : [Template.Part.text(String(text[..<place]))]
            let rest = text[text.index(after: place)...]
            let after = rest.isEmpty ? [] : [Template.Part.text(String(rest))]
            return (Array(parts[..<index]) + before, after + parts[(index + 1)...])
        }
        return (parts, nil)
    }
}

/// A base URL: scheme, host, port and path prefix. Secrets go there, so it is https; http to a loopback literal only.
package enum BaseURL {
    /// The URL without one final "/".
    package static func checked(_ text: String, name: String) throws(LoginFailure) -> String {
        if let problem = problem(with: text) { throw LoginFailure(.local, "{\(name)} \(problem)") }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// What is wrong with a base URL; nil where it is right.
    package static func problem(with text: String) -> String? {
        guard let parts = parts(text) else { return "must be a URL such as https://api.example.com" }
        guard parts.rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !parts.rest.contains(where: { "?#\\\"<>^`{|}".contains($0) }) else {
            return "may hold scheme, host, port and a path prefix, no query or fragment"
        }
        guard !parts.host.isEmpty, !parts.host.contains("@") else { return "must name a host, and no user" }
        if parts.scheme == "http", !isLoopbackLiteral(parts.host) { return "must begin with https:// (http:// is for 127.0.0.1 and [::1] alone)" }
        return nil
    }

    /// The host with its port, for bounds per host.
    package static func host(_ text: String) -> String { parts(text)?.host ?? text }

    static func isLoopbackLiteral(_ authority: String) -> Bool {
        if authority == "[::1]" || authority.hasPrefix("[::1]:") { return true }
        let host = authority.split(separator: ":", maxSplits: 1).first ?? ""
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func parts(_ text: String) -> (scheme: String, host: String, rest: Substring)? {
        for scheme in ["https", "http"] where text.hasPrefix("\(scheme)://") {
            let rest = text.dropFirst(scheme.count + 3)
            return (scheme, String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }), rest)
        }
        return nil
    }
}
