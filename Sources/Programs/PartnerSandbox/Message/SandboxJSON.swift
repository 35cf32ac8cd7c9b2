import FoundationEssentials

/// JSON whose objects keep their members in the order of the partner's page.
indirect enum SandboxJSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    case null
    case string(String)
    case number(Int)
    case bool(Bool)
    case array([SandboxJSON])
    case object([(String, SandboxJSON)])

    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .number(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }

    var text: String {
        switch self {
        case .null: "null"
        case .string(let text): Self.quoted(text)
        case .number(let number): String(number)
        case .bool(let flag): String(flag)
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\(Self.quoted($0.0)):\($0.1.text)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let encoded = (try? JSONEncoder().encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
        return encoded.replacing("\\/", with: "/")
    }
}
