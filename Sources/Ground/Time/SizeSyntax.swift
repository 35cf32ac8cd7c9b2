/// Sizes as people write them: `64KiB`, `1MiB`, `1GiB`, `512B`.
package enum SizeSyntax {
    /// Reads a size in bytes; nil if the text is not a number with a unit.
    package static func parse(_ text: String) -> Int? {
        for (suffix, factor) in [("KiB", 1024), ("MiB", 1024 * 1024), ("GiB", 1024 * 1024 * 1024), ("B", 1)] where text.hasSuffix(suffix) {
            guard let number = Int(text.dropLast(suffix.count)), number >= 0, number <= 1 << 33 else { return nil }
            return number * factor
        }
        return nil
    }

    package static func format(_ bytes: Int) -> String {
        if bytes % (1024 * 1024 * 1024) == 0, bytes > 0 { return "\(bytes / (1024 * 1024 * 1024))GiB" }
        if bytes % (1024 * 1024) == 0, bytes > 0 { return "\(bytes / (1024 * 1024))MiB" }
        if bytes % 1024 == 0, bytes > 0 { return "\(bytes / 1024)KiB" }
        return "\(bytes)B"
    }
}
