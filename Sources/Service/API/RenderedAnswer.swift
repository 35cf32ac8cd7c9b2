import Broker
import Contract
import LocalHTTP
import Observability
import Secrets
import Time
import Tokens

/// A complete rendered token answer that an event loop sends without allocating, patching only what changes with time.
/// Used on its loop only.
final class RenderedAnswer {
    /// What is rendered: each is an answer of its own.
    enum Form: Int, CaseIterable {
        case json, text, headers
        /// 304, to a condition that names the token's tag.
        case notModified
    }

    /// The token's name and fingerprint, as in an audit line.
    let auditText: [UInt8]
    /// The version of the cell from which it was rendered.
    let version: UInt64
    /// The token's fingerprint, which is its tag's text.
    let fingerprint: [UInt8]
    private var bytes: [UInt8]
    /// Where the body begins.
    private let bodyStart: Int
    private let date: Range<Int>
    private let expiresIn: Range<Int>
    private let state: Range<Int>
    private let deadline: Int64
    private let servedUntil: Int64
    private let staleAt: Int64
    private let clockOffset: Int64
    private var patchedSecond: Int64 = .min
    private var patchedWallSecond: Int64 = .min
    private var isStale: Bool

    init(_ snapshot: TokenSnapshot, as form: Form = .json, name: String, version: UInt64, time: LoopTime) {
        let token = snapshot.token
        auditText = Array(AuditFields.request(form == .headers ? .tokenHeaders : .token, token: name, fingerprint: token.fingerprint).utf8)
        fingerprint = Array(token.fingerprint.utf8)
        let now = BootInstant(nanoseconds: time.boot)
        isStale = snapshot.staleAt <= now
        let body = form == .json ? TokenBody(token, now: now, wall: WallTime(nanoseconds: time.wall), isStale: isStale) : nil
        let response = Self.response(form, token, body)
        var output = ResponseBuffer()
        var stamp = HTTPDate()
        stamp.update(wallNanoseconds: time.wall)
        output.append(response, date: stamp.bytes, omitsBody: false, closes: false)
        bytes = output.bytes
        let start = bytes.count - response.body.count
        bodyStart = start
        date = start - 4 - stamp.bytes.count..<start - 4
        expiresIn = Self.moved(body?.expiresIn ?? 0..<0, by: start)
        state = Self.moved(body?.state ?? 0..<0, by: start)
        self.version = version
        deadline = token.deadline?.nanoseconds ?? .max
        servedUntil = snapshot.servedUntil?.nanoseconds ?? .max
        staleAt = snapshot.staleAt.nanoseconds
        clockOffset = time.wall &- time.boot
    }

    private static func moved(_ range: Range<Int>, by start: Int) -> Range<Int> {
        range.isEmpty ? 0..<0 : range.lowerBound + start..<range.upperBound + start
    }

    private static func response(_ form: Form, _ token: Token, _ body: TokenBody?) -> Response {
        let tag = ("ETag", TokenBody.entityTag(token.fingerprint))
        switch form {
        case .json:
            return Response(
                status: 200, fields: TokenBody.fields(fingerprint: token.fingerprint, contentType: "application/json"), body: body?.bytes ?? [])
        case .text:
            let fields = TokenBody.fields(fingerprint: token.fingerprint, contentType: "text/plain")
            return Response(status: 200, fields: fields, body: token.value.exposedBytes + [0x0A])
        case .headers: return Response(status: 200, fields: CommonFields.all + [tag] + token.headers.map { ($0.name, $0.value.exposedText) })
        case .notModified: return Response(status: 304, fields: CommonFields.all + [tag, ("Vary", "Accept")])
        }
    }

    /// Whether more than so many seconds are left.
    func hasMore(than seconds: Int64, at time: LoopTime) -> Bool { deadline == .max || deadline &- time.boot > seconds * 1_000_000_000 }

    /// Whether it may be sent after patching: the token may still be served, and the wall clock has not been changed.
    func isServable(at time: LoopTime) -> Bool {
        time.boot < servedUntil && (time.wall &- time.boot &- clockOffset).magnitude < 1_000_000_000
    }

    /// Updates what changes with time; does work only once a second.
    func patch(_ time: LoopTime, date stamp: [UInt8]) {
        let left = remaining(at: time) ?? 0
        if left != patchedSecond {
            patchedSecond = left
            var rest = left
            for index in expiresIn.reversed() {
                bytes[index] = rest > 0 || index == expiresIn.upperBound - 1 ? UInt8(0x30 + rest % 10) : 0x20
                rest /= 10
            }
        }
        let wall = time.wall / 1_000_000_000
        if wall != patchedWallSecond {
            patchedWallSecond = wall
            for (offset, byte) in stamp.enumerated() { bytes[date.lowerBound + offset] = byte }
        }
        guard !isStale, !state.isEmpty, staleAt <= time.boot else { return }
        isStale = true
        for (offset, byte) in "stale".utf8.enumerated() { bytes[state.lowerBound + offset] = byte }
    }

    /// The remaining whole seconds; nil for a token that does not expire.
    func remaining(at time: LoopTime) -> Int64? { deadline == .max ? nil : max(0, deadline &- time.boot) / 1_000_000_000 }

    /// - Parameter omitsBody: for HEAD.
    func send(into output: inout ResponseBuffer, closes: Bool, omitsBody: Bool = false) {
        guard closes || omitsBody else { return output.bytes.append(contentsOf: bytes) }
        guard closes else { return output.bytes.append(contentsOf: bytes[..<bodyStart]) }
        output.bytes.append(contentsOf: bytes[..<(date.upperBound + 2)])
        output.append("Connection: close\r\n")
        output.bytes.append(contentsOf: bytes[(date.upperBound + 2)..<(omitsBody ? bodyStart : bytes.count)])
    }
}
