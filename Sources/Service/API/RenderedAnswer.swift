import Broker
import Contract
import LocalHTTP
import Observability
import Time
import Tokens

/// A complete rendered token answer that an event loop sends without allocating, patching only what changes with time.
/// Used on its loop only.
final class RenderedAnswer {
    /// The token's name and fingerprint, as in an audit line.
    let auditText: [UInt8]
    /// The version of the cell from which it was rendered.
    let version: UInt64
    private var bytes: [UInt8]
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

    init(_ snapshot: TokenSnapshot, name: String, version: UInt64, time: LoopTime) {
        let token = snapshot.token
        auditText = Array(AuditFields.request(.token, token: name, fingerprint: token.fingerprint).utf8)
        let now = BootInstant(nanoseconds: time.boot)
        isStale = snapshot.staleAt <= now
        let body = TokenBody(token, now: now, wall: WallTime(nanoseconds: time.wall), isStale: isStale)
        let fields = TokenBody.fields(fingerprint: token.fingerprint, contentType: "application/json")
        var output = ResponseBuffer()
        var stamp = HTTPDate()
        stamp.update(wallNanoseconds: time.wall)
        output.append(Response(status: 200, fields: fields, body: body.bytes), date: stamp.bytes, omitsBody: false, closes: false)
        bytes = output.bytes
        let start = bytes.count - body.bytes.count
        date = start - 4 - stamp.bytes.count..<start - 4
        expiresIn = body.expiresIn.isEmpty ? 0..<0 : body.expiresIn.lowerBound + start..<body.expiresIn.upperBound + start
        state = body.state.lowerBound + start..<body.state.upperBound + start
        self.version = version
        deadline = token.deadline?.nanoseconds ?? .max
        servedUntil = snapshot.servedUntil?.nanoseconds ?? .max
        staleAt = snapshot.staleAt.nanoseconds
        clockOffset = time.wall &- time.boot
    }

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
        guard !isStale, staleAt <= time.boot else { return }
        isStale = true
        for (offset, byte) in "stale".utf8.enumerated() { bytes[state.lowerBound + offset] = byte }
    }

    /// The remaining whole seconds; nil for a token that does not expire.
    func remaining(at time: LoopTime) -> Int64? { deadline == .max ? nil : max(0, deadline &- time.boot) / 1_000_000_000 }

    func send(into output: inout ResponseBuffer, closes: Bool) {
        guard closes else { return output.bytes.append(contentsOf: bytes) }
        output.bytes.append(contentsOf: bytes[..<(date.upperBound + 2)])
        output.append("Connection: close\r\n")
        output.bytes.append(contentsOf: bytes[(date.upperBound + 2)...])
    }
}
