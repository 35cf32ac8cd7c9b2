/// The Levenshtein distance: the number of single-character edits that turn one word into another.
enum EditDistance {
    static func between(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var previous = row[0]
            row[0] = index + 1
            for column in right.indices {
                let substituted = previous + (letter == right[column] ? 0 : 1)
                previous = row[column + 1]
                row[column + 1] = min(substituted, previous + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
