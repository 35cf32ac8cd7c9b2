import Foundation
import JSON
import Time
import Tokens

/// JSON and web tokens, with Foundation's parser as a second opinion.
enum JSONTarget {
    static func run(_ bytes: [UInt8]) {
        guard let value = JSONValue(parsing: bytes) else { return }
        let text = value.jsonText
        hold(JSONValue(parsing: Array(text.utf8)) == value, "written and read again: another value")
        hold(JSONValue(parsing: bytes, leniently: true) == value, "read leniently: another value")
        let other = try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
        hold(other != nil, "accepted what is no JSON: \(String(decoding: bytes, as: UTF8.self))")
        if let pointer = JSONPointer("/" + String(decoding: bytes.prefix(8), as: UTF8.self)) { _ = pointer.resolve(in: value) }
    }

    static func runWebToken(_ bytes: [UInt8]) {
        guard let token = JSONWebToken(bytes) else { return }
        for claim in ["exp", "iat", "nbf"] {
            guard let moment = token.date(claim) else { continue }
            hold(moment.nanoseconds > 0, "\(claim) before 1970")
            _ = CalendarTime.rfc3339(moment)
        }
    }
}
