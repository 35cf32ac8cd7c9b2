/// The head of a request, as ranges into the bytes it was read from; nothing is copied.
public struct RequestHead: Sendable {
    public var method = RequestMethod.other
    public var form = TargetForm.origin
    /// The path of the target, still percent-encoded; begins with "/" (asterisk-form: "*").
    public var path = 0..<0
    /// The query after the "?"; nil where there is no "?".
    public var query: Range<Int>?
    /// The authority of an absolute-form target. It replaces Host (RFC 9112 §3.2.2).
    public var authority: Range<Int>?
    /// HTTP/1.0 is 0, HTTP/1.1 and every later minor version is 1.
    public var minorVersion: UInt8 = 1
    public var fields: [FieldLine] = []
    /// Whether the connection persists after this exchange (RFC 9112 §9.3).
    public var keepsAlive = true
    public var expectsContinue = false

    public init() {}

    /// Resets the head to its initial state and keeps the memory of its fields.
    mutating func reset() {
        method = .other
        form = .origin
        path = 0..<0
        query = nil
        authority = nil
        minorVersion = 1
        fields.removeAll(keepingCapacity: true)
        keepsAlive = true
        expectsContinue = false
    }

    /// The range of the value of the only field line with this name; nil where there is none.
    public func value(of name: FieldName) -> Range<Int>? {
        for field in fields where field.name == name { return field.value }
        return nil
    }

    public func has(_ name: FieldName) -> Bool {
        value(of: name) != nil
    }
}

extension Span<UInt8> {
    /// The bytes of a range as text; invalid UTF-8 becomes U+FFFD.
    public func text(_ range: Range<Int>) -> String {
        String(decoding: range.map { self[$0] }, as: UTF8.self)
    }

    /// The bytes, as an array.
    public var copied: [UInt8] { unsafe withUnsafeBufferPointer { unsafe Array($0) } }

    /// Whether a range contains exactly these bytes.
    public func isExactly(_ range: Range<Int>, _ text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { wanted in
            for offset in 0..<range.count where unsafe self[range.lowerBound + offset] != wanted[offset] { return false }
            return true
        }
    }

    /// Whether a range contains exactly these bytes.
    public func isExactly(_ range: Range<Int>, _ wanted: [UInt8]) -> Bool {
        guard range.count == wanted.count else { return false }
        for offset in 0..<range.count where self[range.lowerBound + offset] != wanted[offset] { return false }
        return true
    }

    /// Whether the bytes begin with others that may be secret, in a time that depends only on the lengths.
    public func begins(inConstantTime expected: [UInt8]) -> Bool {
        guard count >= expected.count else { return false }
        let secret = expected.span
        var difference: UInt64 = 0
        var place = 0
        while place + 8 <= secret.count {
            difference |= word(at: place) ^ secret.word(at: place)
            place += 8
        }
        while place < secret.count {
            difference |= UInt64(self[place] ^ secret[place])
            place += 1
        }
        return difference == 0
    }

    /// Eight bytes from a place on, which must be there.
    public func word(at place: Int) -> UInt64 { unsafe bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self) }

    /// Whether a range contains exactly this ASCII text, case-insensitively.
    public func matches(_ range: Range<Int>, lowercase text: StaticString) -> Bool {
        guard range.count == text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { wanted in
            for offset in 0..<range.count where unsafe self[range.lowerBound + offset].asciiLowercased != wanted[offset] { return false }
            return true
        }
    }
}

extension UInt8 {
    public var asciiLowercased: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }
}
