/// What a byte may be part of in a message head; one table look-up a byte.
struct ByteClass: OptionSet, Sendable {
    let rawValue: UInt8

    /// `tchar` of RFC 9110 §5.6.2.
    static let token = ByteClass(rawValue: 1)
    /// Field content: visible ASCII, obs-text, space and tab (RFC 9110 §5.5).
    static let field = ByteClass(rawValue: 2)
    /// A request target's bytes: visible ASCII without what no URI holds (RFC 3986 §2).
    static let target = ByteClass(rawValue: 4)

    static let table: [ByteClass] = (0...255).map { byte in
        let byte = UInt8(byte)
        var classes: ByteClass = []
        let isAlphanumeric = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        if isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains(byte) { classes.insert(.token) }
        if byte == 0x09 || byte >= 0x20 && byte != 0x7F { classes.insert(.field) }
        if byte > 0x20 && byte < 0x7F && !"\"<>\\^`{|}#".utf8.contains(byte) { classes.insert(.target) }
        return classes
    }
}
