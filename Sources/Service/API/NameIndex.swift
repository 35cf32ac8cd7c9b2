/// Finds the index of a token by the bytes of its name, without creating a `String`: open addressing with FNV-1a.
struct NameIndex {
    private var slots: [Int32]
    private let names: [[UInt8]]

    init(_ names: [[UInt8]]) {
        var capacity = 16
        while capacity < names.count * 2 { capacity *= 2 }
        slots = Array(repeating: -1, count: capacity)
        self.names = names
        for (place, name) in names.enumerated() {
            var slot = Self.hash(name.span, 0..<name.count) & (capacity - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = Int32(place)
        }
    }

    func find(_ range: Range<Int>, of bytes: Span<UInt8>) -> Int? {
        var slot = Self.hash(bytes, range) & (slots.count - 1)
        while slots[slot] >= 0 {
            let place = Int(slots[slot])
            if isEqual(place, range, bytes) { return place }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isEqual(_ place: Int, _ range: Range<Int>, _ bytes: Span<UInt8>) -> Bool {
        let name = names[place]
        guard name.count == range.count else { return false }
        for offset in 0..<name.count where name[offset] != bytes[range.lowerBound + offset] { return false }
        return true
    }

    private static func hash(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in range { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: hash >> 1)
    }
}
