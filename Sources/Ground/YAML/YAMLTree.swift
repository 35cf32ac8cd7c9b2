import Secrets

/// A document as one array of entries in the order of the file, each before what it contains: a file of 20 MiB takes two blocks of memory, which
/// go back to the system as a whole.
final class YAMLTree {
    enum Kind: UInt8 { case plain, quoted, sequence, mapping }

    struct Entry {
        let kind: Kind
        /// From 1.
        let line: UInt32
        let column: UInt32
        /// The bytes of a scalar.
        var text: Range<UInt32> = 0..<0
        /// The entry that contains this one; itself for the root.
        let parent: UInt32
        /// Of a mapping's member its key, of a list's element its number.
        let label: UInt32
        /// The entry behind everything that it contains.
        var end: UInt32 = 0
    }

    let file: String
    let faults: FaultList
    private(set) var entries: [Entry] = []
    private var bytes: [UInt8] = []

    init(file: String, faults: FaultList) {
        self.file = file
        self.faults = faults
    }

    /// Appends an entry; a scalar is complete with it, a container once `close` has its end.
    func append(_ kind: Kind, line: Int, column: Int, parent: Int, label: Int, text: UnsafeBufferPointer<UInt8>? = nil) -> Int {
        let start = UInt32(bytes.count)
        if let text = unsafe text { unsafe bytes.append(contentsOf: text) }
        entries.append(
            Entry(
                kind: kind, line: UInt32(line), column: UInt32(column), text: start..<UInt32(bytes.count), parent: UInt32(parent),
                label: UInt32(label), end: UInt32(entries.count + 1)))
        return entries.count - 1
    }

    func close(_ container: Int) { entries[container].end = UInt32(entries.count) }

    func isScalar(_ index: Int) -> Bool { entries[index].kind == .plain || entries[index].kind == .quoted }

    func utf8(_ index: Int) -> ArraySlice<UInt8> { bytes[Int(entries[index].text.lowerBound)..<Int(entries[index].text.upperBound)] }

    func text(_ index: Int) -> String { String(decoding: utf8(index), as: UTF8.self) }

    /// The entries directly below a container: of a mapping key, value, key, value.
    func children(of container: Int) -> [Int] {
        var found: [Int] = []
        var next = container + 1
        while next < Int(entries[container].end) {
            found.append(next)
            next = Int(entries[next].end)
        }
        return found
    }

    /// The first key of a mapping that is there twice.
    func repeatedKey(of mapping: Int) -> Int? {
        let children = children(of: mapping)
        let keys = stride(from: 0, to: children.count, by: 2).map { children[$0] }.filter(isScalar)
        // Comparing a few costs less than hashing them.
        guard keys.count > 8 else {
            return keys.indices.first { one in keys[(one + 1)...].contains { utf8($0) == utf8(keys[one]) } }.map { keys[$0] }
        }
        var places: [ArraySlice<UInt8>: Int] = [:]
        return keys.lazy.compactMap { key in places.updateValue(key, forKey: self.utf8(key)) }.min()
    }

    /// The keys and numbers that lead to an entry: `tokens.zapper.inputs.api_key`, `listen[0]`.
    func path(of index: Int) -> String {
        var parts: [String] = []
        var index = index
        while index != Int(entries[index].parent) {
            let (parent, label) = (Int(entries[index].parent), Int(entries[index].label))
            if entries[parent].kind == .sequence {
                parts.append("[\(label)]")
            } else {
                let name = isScalar(label) ? shown(label) : ""
                parts.append(parent == Int(entries[parent].parent) ? name : ".\(name)")
            }
            index = parent
        }
        return parts.reversed().joined()
    }

    /// A key as a fault shows it: on one line, without what a terminal would act on, and not longer than people read.
    private func shown(_ key: Int) -> String {
        let name = text(key)
        let short = name.unicodeScalars.prefix(80)
        let escaped = short.map { VisibleText.isHidden($0) ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
        return short.endIndex == name.unicodeScalars.endIndex ? escaped : "\(escaped)…"
    }

    /// Kinds and texts of an entry and all below it, without their places.
    func content(of index: Int) -> [UInt8] {
        (index..<Int(entries[index].end)).reduce(into: []) { content, entry in
            content.append(entries[entry].kind.rawValue)
            content += "\(Int(entries[entry].end) - entry) \(entries[entry].text.count):".utf8
            content += utf8(entry)
        }
    }
}
