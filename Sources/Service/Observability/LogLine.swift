import JSON
import Logging

/// A line of the log, read back from its logfmt text.
///
/// Every line is written as logfmt, which costs the least where it is made; other formats are made of it where it is written.
struct LogLine: Equatable {
    var level: Logger.Level = .info
    /// RFC 3339; nil where the journal is to note it.
    var time: String?
    var message = ""
    var fields: [(name: String, value: String)] = []

    static func == (one: LogLine, other: LogLine) -> Bool {
        one.level == other.level && one.time == other.time && one.message == other.message
            && one.fields.elementsEqual(other.fields) { $0.name == $1.name && $0.value == $1.value }
    }

    init(_ text: some StringProtocol) {
        var rest = Substring(text)
        if rest.first == "<", let end = rest.firstIndex(of: ">"), let number = Int(rest[rest.index(after: rest.startIndex)..<end]) {
            level = Self.level(number)
            rest = rest[rest.index(after: end)...]
        }
        while let (name, value) = Self.pair(&rest) {
            switch name {
            case "time" where time == nil && message.isEmpty: time = value
            case "level" where message.isEmpty: level = Logger.Level(rawValue: value) ?? level
            case "msg" where message.isEmpty: message = value
            default: fields.append((name, value))
            }
        }
    }

    /// `name=value` or `name="quoted value"`, and the space behind it.
    private static func pair(_ rest: inout Substring) -> (name: String, value: String)? {
        rest = rest.drop { $0 == " " }
        guard let equals = rest.firstIndex(of: "=") else { return nil }
        let name = String(rest[..<equals])
        rest = rest[rest.index(after: equals)...]
        guard rest.first == "\"" else {
            let value = rest.prefix { $0 != " " }
            rest = rest.dropFirst(value.count)
            return (name, LogText.unquoted(value))
        }
        var end = rest.index(after: rest.startIndex)
        while end < rest.endIndex, rest[end] != "\"" {
            end = rest.index(end, offsetBy: rest[end] == "\\" ? 2 : 1, limitedBy: rest.endIndex) ?? rest.endIndex
        }
        let value = LogText.unquoted(rest[rest.index(after: rest.startIndex)..<end])
        rest = end < rest.endIndex ? rest[rest.index(after: end)...] : rest[end...]
        return (name, value)
    }

    /// One object: `time`, `level`, `msg`, then the line's own members, all of them strings.
    var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        if let time { writer.name("time"); writer.string(time) }
        writer.name("level"); writer.string(level.rawValue)
        writer.name("msg"); writer.string(message)
        for (name, value) in fields { writer.name(name); writer.string(value) }
        writer.endObject()
        return writer.bytes
    }

    /// A datagram of the journal's native protocol (systemd's JOURNAL_NATIVE_PROTOCOL): the message as people read it, and each field of
    /// the line as `TOKENBROKER_NAME`.
    var datagram: [UInt8] {
        let text = fields.map { " \($0.name)=\(LogText.quoted($0.value))" }.joined()
        var entries = [("MESSAGE", message + text), ("PRIORITY", "\(Self.priority(level))"), ("SYSLOG_IDENTIFIER", "tokenbroker")]
        entries += [("TOKENBROKER_EVENT", message)]
        entries += fields.map { ("TOKENBROKER_" + $0.name.uppercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }, $0.value) }
        var bytes: [UInt8] = []
        for (name, value) in entries {
            bytes += name.utf8
            if value.utf8.contains(0x0A) {
                bytes.append(0x0A)
                let count = UInt64(value.utf8.count)
                bytes += (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes += value.utf8
            bytes.append(0x0A)
        }
        return bytes
    }

    /// The level of syslog(3).
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    private static func level(_ priority: Int) -> Logger.Level {
        switch priority {
        case ...2: .critical
        case 3: .error
        case 4: .warning
        case 5: .notice
        case 6: .info
        default: .debug
        }
    }
}
