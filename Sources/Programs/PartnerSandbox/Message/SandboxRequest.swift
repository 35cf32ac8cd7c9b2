import FoundationEssentials
import Text

/// A request as the sandbox's partners see it, decoded and copied from the loop's buffers.
package struct SandboxRequest: Sendable {
    package var method: String
    /// The path below the partner's prefix, beginning with "/".
    package var path: String
    package var query: [String: String] = [:]
    /// By lowercase name.
    package var headers: [String: String] = [:]
    package var body: [UInt8] = []

    /// The body as a JSON object of strings; nil where it is not one or the content type differs.
    var json: [String: String]? {
        guard headers["content-type"]?.lowercased().hasPrefix("application/json") == true else { return nil }
        return try? JSONDecoder().decode([String: String].self, from: Data(body))
    }

    /// The body as a form; nil where the content type differs.
    var form: [String: String]? {
        guard headers["content-type"]?.lowercased().hasPrefix("application/x-www-form-urlencoded") == true else { return nil }
        return Self.pairs(String(decoding: body, as: UTF8.self))
    }

    var bearer: String? {
        guard let value = headers["authorization"], value.hasPrefix("Bearer ") else { return nil }
        return String(value.dropFirst(7))
    }

    /// The pairs of `name=value&…`, percent-decoded.
    static func pairs(_ text: String) -> [String: String] {
        Dictionary(FormText.pairs(text.utf8).map { ($0.name, $0.value) }) { $1 }
    }
}
