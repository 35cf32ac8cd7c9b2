import Files
import Glibc
import Text
import Time

/// The address on this machine that a browser is sent back to after a login (RFC 8252 §7.3). It answers one request.
final class LoginCallback: Sendable {
    let address: String
    private let descriptor: Int32

    /// Nil where the port cannot be listened on.
    init?(port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var local = sockaddr_in()
        local.sin_family = sa_family_t(AF_INET)
        local.sin_port = port.bigEndian
        local.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &local) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, size) == 0 && listen(descriptor, 4) == 0 && getsockname(descriptor, address, &size) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        address = "http://127.0.0.1:\(UInt16(bigEndian: local.sin_port))/callback"
    }

    deinit { close(descriptor) }

    /// The query of the first request for the address with this state; nil where none comes in time. Others are passed over: another site could
    /// send a code of its own (RFC 6749 §10.12).
    func answer(within time: Duration, state: String) async -> [String: String]? {
        await withCheckedContinuation { continuation in
            do throws(SystemCallError) {
                try OwnThread.start(stackBytes: 256 * 1024) { [self] in continuation.resume(returning: wait(time, state)) }
            } catch {
                continuation.resume(returning: nil)
            }
        }
    }

    private func wait(_ time: Duration, _ state: String) -> [String: String]? {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end {
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&watched, 1, 1000) > 0 else { continue }
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { continue }
            defer { close(connection) }
            guard let target = target(connection) else { continue }
            let parts = target.split(separator: "?", maxSplits: 1)
            let query = parts.count > 1 ? parts[1] : ""
            let pairs = Dictionary(FormText.pairs(query.utf8).map { ($0.name, $0.value) }) { $1 }
            guard parts.first == "/callback", pairs["state"] == state else {
                respond(connection, "There is nothing here.", "404 Not Found")
                continue
            }
            let isRefused = pairs["code"]?.isEmpty ?? true
            respond(connection, isRefused ? "The login was refused." : "The login goes on in the command. This window can be closed.", "200 OK")
            return pairs
        }
        return nil
    }

    /// The target of the request, which must come within 5 s.
    private func target(_ connection: Int32) -> String? {
        var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 8192))
        let end = ContinuousClock.now + .seconds(5)
        while bytes.count < 16_384, bytes.firstRange(of: Array("\r\n\r\n".utf8)) == nil, ContinuousClock.now < end {
            var watched = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&watched, 1, 1000) > 0 else { continue }
            let count = unsafe read(connection, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        let words = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\r\n" && $0 != "\n" }.split(separator: " ")
        return words.count == 3 && words[0] == "GET" ? String(words[1]) : nil
    }

    private func respond(_ connection: Int32, _ text: String, _ status: String) {
        let answer = "HTTP/1.1 \(status)\r\nContent-Type: text/plain\r\nContent-Length: \(text.utf8.count + 1)\r\nConnection: close\r\n\r\n\(text)\n"
        let bytes = Array(answer.utf8)
        _ = unsafe write(connection, bytes, bytes.count)
    }
}
