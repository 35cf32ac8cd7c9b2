import Files

/// The offsets of a time zone from UTC, read from the system's time zone database (tzfile(5)).
package struct TimeZoneRules: Sendable, Hashable {
    package let name: String
    /// From each moment, in seconds since 1970, the offset that holds; in order.
    private let changes: [Int64]
    private let offsets: [Int32]
    /// Before the first change.
    private let first: Int32

    private static let folder = "/usr/share/zoneinfo"

    /// A zone of one offset.
    package init(offset: Duration) {
        name = offset == .zero ? "UTC" : "an offset"
        (changes, offsets, first) = ([], [], Int32(clamping: offset.wholeSeconds))
    }

    /// Reads a zone such as `Europe/Berlin`; nil where there is none of this name.
    package init?(named name: String) {
        let isFit: (UInt8) -> Bool = { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || "/_+-".utf8.contains(byte)
        }
        guard !name.isEmpty, name.utf8.allSatisfy(isFit), !name.hasPrefix("/"), !name.contains("//"),
            let bytes = try? SmallFile.read("\(Self.folder)/\(name)", atMost: 256 * 1024), let read = Self.read(bytes)
        else { return nil }
        self.name = name
        (changes, offsets, first) = read
    }

    /// The offset from UTC at a moment.
    package func offset(at moment: WallTime) -> Duration { .seconds(Int64(offset(at: moment.seconds))) }

    /// The moment of a local date and time, given as if it were UTC. Of two moments with the same local time the earlier counts; a local time
    /// that a change of the clocks left out counts by the offset before it.
    package func moment(ofLocal local: WallTime) -> WallTime {
        let candidates = Set(offsets + [first]).map { local.seconds - Int64($0) }.filter { $0 + Int64(offset(at: $0)) == local.seconds }
        let seconds = candidates.min() ?? local.seconds - Int64(offset(at: local.seconds - 86_400))
        return local + .seconds(seconds - local.seconds)
    }

    private func offset(at second: Int64) -> Int32 {
        let next = changes.firstIndex { $0 > second } ?? changes.count
        return next == 0 ? first : offsets[next - 1]
    }

    /// Reads the 64-bit part of a file of version 2 or later (RFC 8536 §3).
    private static func read(_ bytes: [UInt8]) -> ([Int64], [Int32], Int32)? {
        guard let small = header(bytes, at: 0), small.version >= 2 else { return nil }
        let start = 44 + small.dataBytes(timeBytes: 4)
        guard let header = header(bytes, at: start) else { return nil }
        let times = start + 44
        let kinds = times + header.times * 8
        let types = kinds + header.times
        guard header.types > 0, bytes.count >= types + header.types * 6 else { return nil }
        func offset(_ type: Int) -> Int32 { Int32(truncatingIfNeeded: integer(bytes, types + type * 6, 4)) }
        var changes: [Int64] = []
        var offsets: [Int32] = []
        for index in 0..<header.times {
            let type = Int(bytes[kinds + index])
            guard type < header.types else { return nil }
            changes.append(Int64(bitPattern: integer(bytes, times + index * 8, 8)))
            offsets.append(offset(type))
        }
        return (changes, offsets, offset(0))
    }

    private struct Header {
        var version: UInt8
        var isUTC, isStandard, leaps, times, types, characters: Int

        func dataBytes(timeBytes: Int) -> Int {
            times * timeBytes + times + types * 6 + characters + leaps * (timeBytes + 4) + isStandard + isUTC
        }
    }

    private static func header(_ bytes: [UInt8], at start: Int) -> Header? {
        guard bytes.count >= start + 44, bytes[start..<start + 4].elementsEqual("TZif".utf8) else { return nil }
        let version = bytes[start + 4] == 0 ? UInt8(1) : bytes[start + 4] - 0x30
        let counts = (0..<6).map { Int(integer(bytes, start + 20 + $0 * 4, 4)) }
        guard counts.allSatisfy({ $0 <= 100_000 }) else { return nil }
        return Header(
            version: version, isUTC: counts[0], isStandard: counts[1], leaps: counts[2], times: counts[3], types: counts[4], characters: counts[5])
    }

    private static func integer(_ bytes: [UInt8], _ place: Int, _ count: Int) -> UInt64 {
        let value = bytes[place..<place + count].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return count == 4 ? UInt64(bitPattern: Int64(Int32(truncatingIfNeeded: value))) : value
    }
}
