package import BrokerCore
import Dispatch
import LocalHTTP
import Synchronization

/// One line for every token handed out or refused: who asked, for what, and what became of it.
///
/// Event loops append; a queue of its own writes, so that a slow reader of standard error holds up nobody. What that
/// reader does not take in time is dropped, counted, and told in a line.
package final class AuditLog: Sendable {
    private struct Pending {
        var bytes: [UInt8] = []
        var isScheduled = false
        var lost = 0
    }

    /// Bytes that wait to be written, at most.
    private static let limit = 4 * 1024 * 1024

    private let switchedOn = Atomic<Bool>(true)
    private let pending = Mutex(Pending())
    private let queue = DispatchQueue(label: "tokenbroker.audit")
    private let isJournal: Bool
    private let clocks: any Clocks
    private let write: @Sendable ([UInt8]) -> Void
    private let lost: Counter

    package init(isJournal: Bool, clocks: any Clocks, lost: Counter, write: @escaping @Sendable ([UInt8]) -> Void) {
        self.isJournal = isJournal
        self.clocks = clocks
        self.lost = lost
        self.write = write
    }

    /// Whether the configuration wants it.
    package var isOn: Bool {
        get { switchedOn.load(ordering: .relaxed) }
        set { switchedOn.store(newValue, ordering: .relaxed) }
    }

    /// What each line begins with: the journal's level prefix (sd-daemon(3)), or time and level.
    func prefix(_ level: Level) -> [UInt8] {
        Array((isJournal ? "<\(level.rawValue)>audit" : "\(CalendarTime.rfc3339(clocks.wall)) \(level) audit").utf8)
    }

    /// syslog(3).
    enum Level: Int { case warning = 4, info = 6 }

    /// Takes whole lines.
    func append(_ lines: [UInt8], count: Int) {
        let mustSchedule = pending.withLock { pending in
            guard pending.bytes.count + lines.count <= Self.limit else {
                pending.lost += count
                lost.add(UInt64(count))
                return false
            }
            pending.bytes += lines
            defer { pending.isScheduled = true }
            return !pending.isScheduled
        }
        if mustSchedule { queue.async { [self] in drain() } }
    }

    private func drain() {
        while true {
            let (bytes, dropped) = pending.withLock { pending in
                let taken = (pending.bytes, pending.lost)
                pending.bytes = []
                pending.lost = 0
                if taken.0.isEmpty, taken.1 == 0 { pending.isScheduled = false }
                return taken
            }
            if bytes.isEmpty, dropped == 0 { return }
            write(bytes)
            if dropped > 0 { write(prefix(.warning) + Array(" lines=lost count=\(dropped)\n".utf8)) }
        }
    }

    /// Returns when everything appended before has been written.
    package func flush() {
        queue.sync {}
    }
}

/// Who asked, as an audit line says it.
struct AuditedCaller: Sendable {
    let text: String

    init(name: String?, identity: PeerIdentity?) {
        var text = " client=\(name ?? "-")"
        if let identity {
            text += " uid=\(identity.user)"
            if let group = identity.group { text += " gid=\(group)" }
            if let process = identity.process { text += " pid=\(process)" }
        }
        self.text = text
    }
}
