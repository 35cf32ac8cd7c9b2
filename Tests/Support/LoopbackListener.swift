import Foundation
import Glibc

/// A listening socket on loopback whose connections each have a thread; it closes with its owner.
package final class LoopbackListener: Sendable {
    private let descriptor: Int32
    package let port: UInt16
    var url: String { "http://127.0.0.1:\(port)" }

    package init() throws {
        (descriptor, port) = try Loopback.listen()
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }

    /// Hands each connection to `serve`, which closes it.
    package func run(_ serve: @escaping @Sendable (_ client: Int32) -> Void) {
        Thread.detachNewThread { [descriptor] in
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else { return }
                Thread.detachNewThread { serve(client) }
            }
        }
    }

    /// The next request's line and header; nil when the connection ended.
    static func head(_ client: Int32) -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
            guard unsafe recv(client, &byte, 1, 0) == 1 else { return nil }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
