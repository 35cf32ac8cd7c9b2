import Glibc
import Synchronization

/// An HTTP proxy that tunnels CONNECT requests to loopback, or refuses them with a status.
package final class TunnelProxy: Sendable {
    private let listener: LoopbackListener
    private let lines = Mutex<[String]>([])
    package var url: String { listener.url }

    /// The request lines that came.
    package var requests: [String] { lines.withLock { $0 } }

    /// - Parameter refusal: the status line to answer every CONNECT with; nil tunnels.
    package init(refusal: String? = nil) throws {
        listener = try LoopbackListener()
        listener.run { [weak self] client in
            guard let head = LoopbackListener.head(client) else {
                close(client)
                return
            }
            self?.lines.withLock { $0.append(String(head.prefix { $0 != "\r\n" })) }
            Self.serve(client, head, refusal)
        }
    }

    private static func serve(_ client: Int32, _ head: String, _ refusal: String?) {
        defer { close(client) }
        guard refusal == nil, let port = head.split(separator: " ").dropFirst().first?.split(separator: ":").last.flatMap({ UInt16($0) }),
            let server = Loopback.connect(to: port)
        else {
            _ = write(client, "HTTP/1.1 \(refusal ?? "502 Bad Gateway")\r\nContent-Length: 0\r\n\r\n")
            return
        }
        defer { close(server) }
        _ = write(client, "HTTP/1.1 200 Connection established\r\n\r\n")
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            var ready = [pollfd(fd: client, events: Int16(POLLIN), revents: 0), pollfd(fd: server, events: Int16(POLLIN), revents: 0)]
            guard unsafe poll(&ready, 2, 10_000) > 0 else { return }
            for (from, to) in [(0, server), (1, client)] where ready[from].revents != 0 {
                let count = unsafe recv(ready[from].fd, &buffer, buffer.count, 0)
                guard count > 0, unsafe send(to, buffer, count, Int32(MSG_NOSIGNAL)) == count else { return }
            }
        }
    }

    private static func write(_ descriptor: Int32, _ text: String) -> Int {
        let bytes = Array(text.utf8)
        return unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}

/// Blocking loopback sockets for test servers.
package enum Loopback {
    static func listen() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = address(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let outcome = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, size) == 0 && Glibc.listen(descriptor, 64) == 0 && getsockname(descriptor, address, &size) == 0
            }
        }
        guard outcome else { throw TestFailure("bind") }
        return (descriptor, UInt16(bigEndian: name.sin_port))
    }

    static func connect(to port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = address(port: port)
        let outcome = unsafe withUnsafePointer(to: &name) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard outcome == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func address(port: UInt16) -> sockaddr_in {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return name
    }
}
