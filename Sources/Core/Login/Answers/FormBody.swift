import Text

/// A form-encoded body (WHATWG URL §5.1).
enum FormBody {
    /// The first value of a field, decoded; nil where there is none.
    static func value(of name: String, in body: [UInt8]) -> String? {
        // Some servers end it as a line.
        let text = body.last == 0x0A ? body.dropLast(body.suffix(2).first == 0x0D ? 2 : 1) : body[...]
        return FormText.pairs(text).first { $0.name == name }?.value
    }
}
