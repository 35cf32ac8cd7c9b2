import Foundation
import Glibc
import Synchronization

/// An HTTP server on loopback that writes what the test says, byte for byte, and keeps its connections open.
package final class LoopbackServer: Sendable {
    private struct Seen {
        var connections = 0
        var requests: [String] = []
    }

    private let listener: Int32
    private let seen = Mutex(Seen())
    package let url: String

    package var connections: Int { seen.withLock { $0.connections } }
    /// Heads of the requests, in order.
    package var requests: [String] { seen.withLock { $0.requests } }

    /// - Parameter answer: the bytes for the request with this number (from 1, over all connections).
    package init(_ answer: @escaping @Sendable (_ request: Int) -> String) throws {
        let port: UInt16
        (listener, port) = try Loopback.listen()
        url = "http://127.0.0.1:\(port)"
        Thread.detachNewThread { [listener, weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                self?.seen.withLock { $0.connections += 1 }
                Thread.detachNewThread { [weak self] in
                    defer { close(client) }
                    while let head = TunnelProxy.head(client), let number = self?.note(head, client) {
                        let bytes = Array(answer(number).utf8)
                        guard unsafe send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
                    }
                }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
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
