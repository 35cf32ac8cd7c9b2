import CPCRE2

/// A compiled pattern.
///
/// `@unchecked Sendable`: compiled code is never changed, and every match has data of its own (pcre2api(3), "Multithreading").
@safe final class PatternCode: @unchecked Sendable {
    private let code: OpaquePointer
    private let context: OpaquePointer
    let groups: Int
    var hasGroup: Bool { groups > 0 }

    private static let (steps, depth, kibibytes) = (UInt32(250_000), UInt32(100_000), UInt32(16 * 1024))

    init(_ text: String) throws(PatternFault) {
        var bytes = Array(text.utf8)
        guard bytes.count <= Pattern.maximumBytes else { throw PatternFault(message: "is longer than \(Pattern.maximumBytes) bytes") }
        let options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C
        var (error, place) = (Int32(0), 0)
        let count = bytes.count
        // At least one byte, so that there is an address to read from.
        if bytes.isEmpty { bytes = [0] }
        guard let code = unsafe pcre2_compile_8(bytes, count, options, &error, &place, nil) else {
            throw PatternFault(message: "\(Self.message(error)) (byte \(place + 1))")
        }
        guard let context = unsafe pcre2_match_context_create_8(nil) else { throw PatternFault(message: "cannot be compiled: out of memory") }
        unsafe pcre2_set_match_limit_8(context, Self.steps)
        unsafe pcre2_set_depth_limit_8(context, Self.depth)
        unsafe pcre2_set_heap_limit_8(context, Self.kibibytes)
        var groups = UInt32(0)
        _ = unsafe pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &groups)
        unsafe (self.code, self.context) = unsafe (code, context)
        self.groups = Int(groups)
    }

    deinit {
        unsafe pcre2_match_context_free_8(context)
        unsafe pcre2_code_free_8(code)
    }

    /// Where the whole match and the first group are, in bytes.
    struct Found {
        var whole: Range<Int>
        /// Nil where there is no group, or it took no part.
        var group: Range<Int>?
    }

    /// Nil where nothing matches.
    func match(_ text: String, options: UInt32, pattern: String) throws(PatternLimit) -> Found? {
        guard let data = unsafe pcre2_match_data_create_from_pattern_8(code, nil) else { throw PatternLimit(pattern: pattern) }
        defer { unsafe pcre2_match_data_free_8(data) }
        var bytes = Array(text.utf8)
        let count = bytes.count
        if bytes.isEmpty { bytes = [0] }
        // A Swift text is UTF-8 already.
        let outcome = unsafe pcre2_match_8(code, bytes, count, 0, options | PCRE2_NO_UTF_CHECK, data, context)
        if outcome == PCRE2_ERROR_NOMATCH { return nil }
        guard outcome > 0, let places = unsafe pcre2_get_ovector_pointer_8(data) else { throw PatternLimit(pattern: pattern) }
        func range(_ pair: Int) -> Range<Int>? {
            guard pair < Int(outcome) else { return nil }
            let (start, end) = unsafe (Int(places[2 * pair]), Int(places[2 * pair + 1]))
            return 0 <= start && start <= end && end <= count ? start..<end : nil
        }
        // \K in a lookahead can place the end before the start; such a match is empty.
        return Found(whole: range(0) ?? 0..<0, group: hasGroup ? range(1) : nil)
    }

    private static func message(_ error: Int32) -> String {
        var text = [UInt8](repeating: 0, count: 256)
        let count = unsafe pcre2_get_error_message_8(error, &text, text.count)
        return count > 0 ? String(decoding: text[..<Int(count)], as: UTF8.self) : "is no regular expression"
    }
}
