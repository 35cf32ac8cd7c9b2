import HTTPTypes
import JSON
import OutboundHTTP
import Patterns
import Providers
import Time
import Tokens
import XML

/// Values at a definition's sources.
extension ReplyReader {
    /// The value at the first source that is there; nil if there is none, or null.
    func value(_ list: SourceList) -> JSONValue? {
        list.sources.lazy.compactMap { value($0) }.first
    }

    /// The value at a source; nil if there is none, or null.
    func value(_ source: ValueSource) -> JSONValue? {
        let found = stated(source)
        return found == .null ? nil : found
    }

    /// The value at the first source that is there, null too.
    func stated(_ list: SourceList) -> JSONValue? {
        value(list) ?? list.sources.lazy.compactMap { stated($0) }.first
    }

    /// The answer to a request of the login, from 0, or this one; nil where there is none.
    func answer(ofStep step: Int?) -> ReplyReader? {
        guard let step, step != earlier.count else { return self }
        return earlier.indices.contains(step) ? earlier[step] : nil
    }

    private func stated(_ source: ValueSource) -> JSONValue? {
        guard let answer = answer(ofStep: source.step) else { return nil }
        guard let pattern = source.pattern else { return answer.stated(source.place) }
        // A pattern that reaches its limits says nothing, as one that finds nothing.
        guard let text = answer.stated(source.place).map(Self.searchedText), let found = try? pattern.value(in: text) else { return nil }
        return .string(found)
    }

    private func stated(_ place: ValueSource.Place) -> JSONValue? {
        switch place {
        case .json(let pointer): json.flatMap(pointer.resolve)
        case .form(let name): FormBody.value(of: name, in: reply.body).map { .string($0) }
        case .header(let name): reply.first(name).map { .string($0) }
        case .cookie(let name): cookies.last { $0.name == name }.flatMap { $0.isDeleted(reply) ? nil : .string($0.value) }
        case .allCookies: SetCookie.pairs(cookies, reply).map { .string($0) }
        case .xml(let path): xml.root(of: reply).flatMap(path.resolve).map { .string($0) }
        case .body(let allowsHTML): bodyText(allowsHTML: allowsHTML).map { .string($0) }
        case .text: .string(String(decoding: reply.body.prefix(Self.searchedBytes), as: UTF8.self))
        case .value(let name): scope[name].map { .string(String(decoding: $0, as: UTF8.self)) }
        }
    }

    /// The cookies that the answer sets, in order.
    var cookies: [SetCookie] { reply.lines(.setCookie).compactMap { SetCookie($0) } }

    /// The body as one value: trimmed of white space, or decoded if it is a JSON string; nil for an empty body.
    private func bodyText(allowsHTML: Bool) -> String? {
        if isHTML, !allowsHTML { return nil }
        if case .string(let text)? = json { return text.isEmpty ? nil : text }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        var rest = reply.body[...]
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        let trimmed = Array(rest.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
        return trimmed.isEmpty ? nil : String(decoding: trimmed, as: UTF8.self)
    }

    var isHTML: Bool {
        guard let type = reply.fields[.contentType] else { return false }
        return String(decoding: type.utf8.prefix(9), as: UTF8.self).lowercased() == "text/html"
    }
}
