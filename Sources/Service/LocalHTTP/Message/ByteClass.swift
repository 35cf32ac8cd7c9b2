/// A set of the bytes allowed in a part of a message head: one bit for each of the 128 ASCII bytes, so that a test is a shift
/// and a mask.
struct ByteClass: Sendable {
    private let low: UInt64
    private let high: UInt64
    /// Whether the set includes obs-text, the bytes from 0x80.
    private let hasHighBytes: Bool

    private init(_ low: UInt64, _ high: UInt64, obsText: Bool = false) {
        self.low = low
        self.high = high
        hasHighBytes = obsText
    }

    /// `tchar` of RFC 9110 §5.6.2: letters, digits and ``!#$%&'*+-.^_`|~``.
    static let token = ByteClass(0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)
    /// Field content: visible ASCII, obs-text, space and tab (RFC 9110 §5.5).
    static let field = ByteClass(0xFFFF_FFFF_0000_0200, 0x7FFF_FFFF_FFFF_FFFF, obsText: true)
    /// The bytes of a request target: visible ASCII without the bytes that no URI contains, ``"#<>\^`{|}`` (RFC 3986 §2).
    static let target = ByteClass(0xAFFF_FFF2_0000_0000, 0x47FF_FFFE_AFFF_FFFF)

    func contains(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return hasHighBytes }
        return (byte < 0x40 ? low : high) >> UInt64(byte & 0x3F) & 1 == 1
    }
}

extension Span<UInt8> {
    /// Whether the eight bytes from a place on are field content without a tab, tested together.
    func hasOnlyFieldBytes(at place: Int) -> Bool {
        let word = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
        let ones: UInt64 = 0x0101_0101_0101_0101
        let deleted = word ^ (ones &* 0x7F)
        let below = (word &- ones &* 0x20) & ~word
        let equal = (deleted &- ones) & ~deleted
        return (below | equal) & (ones &* 0x80) == 0
    }
}
