import Glibc
import Synchronization

/// An HTTP server on loopback that writes what the test says, byte for byte, and keeps its connections open.
package final class LoopbackServer: Sendable {
    private struct Seen {
        var connections = 0
        var requests: [String] = []
    }

    private let listener: LoopbackListener
    private let seen = Mutex(Seen())
    package var url: String { listener.url }

    package var connections: Int { seen.withLock { $0.connections } }
    /// Heads of the requests, in order.
    package var requests: [String] { seen.withLock { $0.requests } }

    /// - Parameters:
    ///   - early: written on each connection as soon as it is there.
    ///   - answer: the bytes for the request with this number (from 1, over all connections).
    package init(early: String = "", _ answer: @escaping @Sendable (_ request: Int) -> String) throws {
        listener = try LoopbackListener()
        listener.run { [weak self] client in
            defer { close(client) }
            let first = Array(early.utf8)
            if !first.isEmpty { _ = unsafe send(client, first, first.count, Int32(MSG_NOSIGNAL)) }
            self?.seen.withLock { $0.connections += 1 }
            while let head = LoopbackListener.head(client), let number = self?.note(head, client) {
                let bytes = Array(answer(number).utf8)
                guard unsafe send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
            }
        }
    }

    /// Notes a request, and reads its body away.
    private func note(_ head: String, _ client: Int32) -> Int {
        let field = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        var left = field.flatMap { Int($0.dropFirst(15).trimmingPrefix(" ")) } ?? 0
        var byte: UInt8 = 0
        while left > 0, unsafe recv(client, &byte, 1, 0) == 1 { left -= 1 }
        return seen.withLock { seen in
            seen.requests.append(head)
            return seen.requests.count
        }
    }
}
