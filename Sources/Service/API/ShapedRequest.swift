import Contract
import LocalHTTP

/// A request for a current token that is not the plain one: with a query, a condition, another Accept, for its headers, or HEAD. Read from the
/// received bytes without allocating; what it does not understand is left to the router.
struct ShapedRequest {
    let form: RenderedAnswer.Form
    /// The tag of a condition, between its quotes; nil: no condition.
    private(set) var tag: Range<Int>?
    /// Seconds.
    private(set) var minValid: Int64 = 0

    init(form: RenderedAnswer.Form) {
        self.form = form
    }

    /// Nil for a request that needs more than a rendered answer.
    init?(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, isHeaders: Bool, _ memory: AcceptMemory) {
        guard !head.has(.ifMatch) else { return nil }
        var hasWait = false
        if let query = head.query {
            guard let read = Self.query(query, bytes) else { return nil }
            (minValid, hasWait) = read
        }
        if head.has(.ifNoneMatch) {
            // With wait it is a long poll.
            guard !hasWait, let tag = Self.tag(head, bytes) else { return nil }
            self.tag = tag
        }
        if isHeaders {
            form = .headers
        } else {
            guard let prefersText = memory.prefersText(head, bytes) else { return nil }
            form = prefersText ? .text : .json
        }
    }

    /// `min_valid` and `wait`, each at most once; nil for another query.
    private static func query(_ range: Range<Int>, _ bytes: Span<UInt8>) -> (minValid: Int64, hasWait: Bool)? {
        var (minValid, wait) = (Int64?.none, Int64?.none)
        var place = range.lowerBound
        while place < range.upperBound {
            var end = place
            while end < range.upperBound, bytes[end] != UInt8(ascii: "&") { end += 1 }
            if let number = number(place..<end, behind: "min_valid=", bytes), minValid == nil {
                minValid = number
            } else if let number = number(place..<end, behind: "wait=", bytes), wait == nil {
                wait = number
            } else {
                return nil
            }
            place = end + 1
        }
        // What is beyond its range is the router's to refuse.
        guard minValid ?? 0 <= 34_560_000, wait ?? 0 <= 30 else { return nil }
        return (minValid ?? 0, wait != nil)
    }

    private static func number(_ range: Range<Int>, behind name: StaticString, _ bytes: Span<UInt8>) -> Int64? {
        let start = range.lowerBound + name.utf8CodeUnitCount
        guard start < range.upperBound, range.upperBound - start <= 8, bytes.isExactly(range.lowerBound..<start, name) else { return nil }
        var number: Int64 = 0
        for index in start..<range.upperBound {
            guard (0x30...0x39).contains(bytes[index]) else { return nil }
            number = number * 10 + Int64(bytes[index] - 0x30)
        }
        return number
    }

    /// The only tag of the only If-None-Match; nil for a list, `*`, or what is no tag.
    private static func tag(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Range<Int>? {
        var value: Range<Int>?
        for field in head.fields where field.name == .ifNoneMatch {
            if value != nil { return nil }
            value = field.value
        }
        guard var range = value else { return nil }
        if range.count > 2, bytes[range.lowerBound] == UInt8(ascii: "W"), bytes[range.lowerBound + 1] == UInt8(ascii: "/") {
            range = range.lowerBound + 2..<range.upperBound
        }
        guard range.count > 2, bytes[range.lowerBound] == UInt8(ascii: "\""), bytes[range.upperBound - 1] == UInt8(ascii: "\"") else { return nil }
        let text = range.lowerBound + 1..<range.upperBound - 1
        for index in text where bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: ",") { return nil }
        return text
    }

    /// Whether the condition names this fingerprint.
    func names(_ fingerprint: [UInt8], _ bytes: Span<UInt8>) -> Bool {
        tag.map { bytes.isExactly($0, fingerprint) } ?? false
    }
}

/// What the Accept fields that clients send prefer: each client library has one of its own and sends it always. Used on one loop.
final class AcceptMemory {
    private var known: [(value: [UInt8], prefersText: Bool)] = []
    private var next = 0

    private static let most = 16
    private static let longest = 512

    /// Whether text is preferred to JSON; nil where it is not known without more.
    func prefersText(_ head: borrowing RequestHead, _ bytes: Span<UInt8>) -> Bool? {
        var value: Range<Int>?
        for field in head.fields where field.name == .accept {
            if value != nil { return nil }
            value = field.value
        }
        guard let value else { return false }
        for entry in known where bytes.isExactly(value, entry.value) { return entry.prefersText }
        guard value.count <= Self.longest else { return nil }
        let prefersText = AcceptedTypes(.accept, head, bytes).prefersText
        let entry = (value.map { bytes[$0] }, prefersText)
        if known.count < Self.most { known.append(entry) } else { known[next] = entry }
        next = (next + 1) % Self.most
        return prefersText
    }
}
