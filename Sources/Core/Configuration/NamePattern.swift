/// A pattern in which `*` matches any run of characters, including none, and everything else matches itself.
package struct NamePattern: Sendable, Hashable {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package func matches(_ name: String) -> Bool {
        let pattern = Array(text.utf8)
        let name = Array(name.utf8)
        var row = [Bool](repeating: false, count: name.count + 1)
        row[0] = true
        for byte in pattern {
            if byte == 0x2A {
                for index in row.indices.dropFirst() where row[index - 1] { row[index] = true }
            } else {
                for index in row.indices.dropFirst().reversed() { row[index] = row[index - 1] && name[index - 1] == byte }
                row[0] = false
            }
        }
        return row[name.count]
    }
}
