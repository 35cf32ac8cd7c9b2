import ArgumentParser
import Glibc

/// A `key=value` pair on the command line.
struct KeyValue {
    let pair: (String, String)

    init(_ text: String) throws {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { throw ValidationError("\(text) must be NAME=VALUE") }
        pair = (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }
}
