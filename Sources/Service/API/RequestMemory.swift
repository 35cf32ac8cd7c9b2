import Admission
import LocalHTTP
import Observability
import Time

/// How a rendered answer is sent.
struct RenderedReply {
    var form = RenderedAnswer.Form.json
    /// Of the endpoint's responses in this form.
    var counter: Counter
    var closes: Bool
    var omitsBody = false
}

/// An admitted request whose answer follows from its bytes: what parser, host rule, browser rule, key, policy and target said of them.
final class RememberedRequest {
    let message: [UInt8]
    let transport: Peer.Transport
    /// Of the rules under which it was admitted.
    let rulesVersion: UInt64
    let known: KnownCaller
    let slot: AnswerSlot
    let reply: RenderedReply
    /// Seconds.
    let minValid: Int64
    /// The version of the cell with whose token its condition was compared; nil: it has none.
    let comparedVersion: UInt64?

    init(
        _ message: [UInt8], _ transport: Peer.Transport, rulesVersion: UInt64, known: KnownCaller, slot: AnswerSlot, reply: RenderedReply,
        minValid: Int64, comparedVersion: UInt64?
    ) {
        self.message = message
        self.transport = transport
        self.rulesVersion = rulesVersion
        self.known = known
        self.slot = slot
        self.reply = reply
        self.minValid = minValid
        self.comparedVersion = comparedVersion
    }
}

/// The requests that one loop has answered from rendered bytes, so that the same bytes need no parsing: the last one of each connection, and a
/// table of those seen twice, which serves clients that connect for each request or ask for several tokens in turn.
final class RequestMemory {
    /// By digest; nil: free.
    private var places: [RememberedRequest?] = []
    /// The digest of the last request that was not in its place, so that one which is never repeated is not kept.
    private var candidates: [UInt64] = []
    private var version: UInt64
    private let seed = UInt64.random(in: .min ... .max)

    private static let count = 4096
    /// Bytes of a request that is kept.
    private static let longest = 1024

    init(version: UInt64) {
        self.version = version
    }

    /// Forgets everything: other rules hold.
    func clear(version: UInt64) {
        self.version = version
        (places, candidates) = ([], [])
    }

    /// The request that these bytes begin with; nil for one that was not remembered.
    func find(_ bytes: Span<UInt8>, on connection: Connection, of identity: @autoclosure () -> PeerIdentity?) -> RememberedRequest? {
        if let last = connection.memory as? RememberedRequest, bytes.begins(inConstantTime: last.message) { return last }
        guard !places.isEmpty, bytes.count <= Self.longest,
            let found = places[Self.place(digest(bytes, connection.peer.transport, identity()))],
            found.message.count == bytes.count, found.transport == connection.peer.transport, bytes.begins(inConstantTime: found.message)
        else { return nil }
        return found
    }

    /// Remembers a request where it is seen the second time.
    func note(
        _ bytes: Span<UInt8>, on connection: Connection, _ known: KnownCaller, _ slot: AnswerSlot, _ reply: RenderedReply, minValid: Int64 = 0,
        comparedVersion: UInt64? = nil
    ) {
        guard bytes.count <= Self.longest else { return }
        if places.isEmpty { (places, candidates) = (Array(repeating: nil, count: Self.count), Array(repeating: 0, count: Self.count)) }
        let digest = digest(bytes, connection.peer.transport, known.caller.identity)
        let place = Self.place(digest)
        guard candidates[place] == digest else { return candidates[place] = digest }
        let request = RememberedRequest(
            bytes.copied, connection.peer.transport, rulesVersion: version, known: known, slot: slot, reply: reply, minValid: minValid,
            comparedVersion: comparedVersion)
        places[place] = request
        connection.memory = request
    }

    private static func place(_ digest: UInt64) -> Int { Int(digest % UInt64(count)) }

    /// Begins with a random number, so that nobody can choose requests that take another's place.
    private func digest(_ bytes: Span<UInt8>, _ transport: Peer.Transport, _ identity: PeerIdentity?) -> UInt64 {
        var digest = seed
        func add(_ word: UInt64) {
            let product = (digest ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
            digest = product.high ^ product.low
        }
        var place = 0
        while place + 8 <= bytes.count {
            add(bytes.word(at: place))
            place += 8
        }
        while place < bytes.count {
            add(UInt64(bytes[place]))
            place += 1
        }
        add(UInt64(bytes.count) << 8 | (transport == .unix ? 1 : 0))
        add(identity.map { UInt64($0.user) << 32 | UInt64(UInt32(bitPattern: $0.process ?? -1)) } ?? .max)
        return digest
    }
}
