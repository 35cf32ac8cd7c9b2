import LocalHTTP

/// The tags of If-None-Match or If-Match (RFC 9110 §8.8.3, §13.1): a list, or `*` for whatever there is.
struct EntityTags: Sendable, Equatable {
    struct Tag: Sendable, Equatable {
        /// Between its quotes.
        var text: String
        var isWeak: Bool
    }

    private(set) var isAny = false
    private(set) var tags: [Tag] = []

    /// Tags beyond this many are passed over: no cache holds so many.
    private static let most = 64

    /// No tag.
    init() {}

    /// Reads every field line of this name; what is no tag says nothing.
    init(_ name: FieldName, of head: borrowing RequestHead, _ bytes: Span<UInt8>) {
        for field in head.fields where field.name == name { read(field.value, of: bytes) }
    }

    private mutating func read(_ value: Range<Int>, of bytes: Span<UInt8>) {
        if bytes.isExactly(value, "*") {
            isAny = true
            return
        }
        var place = value.lowerBound
        while place < value.upperBound, tags.count < Self.most {
            let isWeak = bytes[place] == UInt8(ascii: "W") && place + 1 < value.upperBound && bytes[place + 1] == UInt8(ascii: "/")
            let start = isWeak ? place + 2 : place
            guard start < value.upperBound, bytes[start] == UInt8(ascii: "\"") else {
                place += 1
                continue
            }
            var end = start + 1
            while end < value.upperBound, bytes[end] != UInt8(ascii: "\"") { end += 1 }
            guard end < value.upperBound else { return }
            tags.append(Tag(text: bytes.text(start + 1..<end), isWeak: isWeak))
            place = end + 1
        }
    }

    var isEmpty: Bool { !isAny && tags.isEmpty }

    /// Whether one of them is this tag by weak comparison.
    func names(_ text: String) -> Bool { isAny || tags.contains { $0.text == text } }

    /// Whether one of them is this weak tag by strong comparison, which no weak tag is.
    var namesByStrongComparison: Bool { isAny }
}
