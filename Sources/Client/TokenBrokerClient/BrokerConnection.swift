import Dispatch
import Glibc

struct BrokerRequest: Sendable {
    var method: String
    var target: String
    var fields: [(String, String)]
    var body: [UInt8]?
}

struct BrokerAnswer: Sendable {
    var status: Int
    var body: [UInt8]
}

/// Requests to the daemon, each on a connection of its own (RFC 9112), over TCP on loopback or a unix socket.
struct BrokerConnection: Sendable {
    private enum Place: Sendable {
        case tcp(port: UInt16)
        case unix(path: String)
    }

    private static let usualSocket = "/run/tokenbroker/api.sock"
    /// The daemon answers after 30 s at most.
    private static let seconds = 40
    private static let longestAnswer = 4 * 1024 * 1024
    private let place: Place

    static var usualAddress: String {
        unsafe access(usualSocket, R_OK | W_OK) == 0 ? "unix:\(usualSocket)" : "http://127.0.0.1:8653"
    }

    init(_ url: String) throws(TokenBrokerError) {
        if url.hasPrefix("unix:/") {
            place = .unix(path: String(url.dropFirst(5)))
            guard url.utf8.count - 5 <= 107 else { throw .configuration("the path of \(url) is longer than a socket's can be") }
            return
        }
        let rest = url.hasSuffix("/") ? url.dropLast() : Substring(url)
        let hosts = ["http://127.0.0.1:", "http://localhost:"]
        guard let host = hosts.first(where: rest.hasPrefix), let port = UInt16(rest.dropFirst(host.count)), port > 0 else {
            throw .configuration("TOKENBROKER_URL is \(url); it must be http://127.0.0.1:8653 or unix:/path")
        }
        place = .tcp(port: port)
    }

    func send(_ request: BrokerRequest, keyFile: String?) async throws(TokenBrokerError) -> BrokerAnswer {
        let result = await withCheckedContinuation { continuation in
            // The calls below block, which no task may.
            DispatchQueue.global().async { continuation.resume(returning: Result { () throws(TokenBrokerError) in try exchange(request, keyFile) }) }
        }
        return try result.get()
    }

    private func exchange(_ request: BrokerRequest, _ keyFile: String?) throws(TokenBrokerError) -> BrokerAnswer {
        var lines = ["\(request.method) \(request.target) HTTP/1.1", "Host: localhost", "Accept: application/json", "Connection: close"]
        lines += request.fields.map { "\($0.0): \($0.1)" }
        if let body = request.body { lines.append("Content-Length: \(body.count)") }
        if let keyFile {
            if case .tcp(let port) = place { try ListenerOwner.check(port) }
            lines.append("Authorization: Bearer \(try KeyFile.read(keyFile))")
        }
        let descriptor = try connected()
        defer { close(descriptor) }
        try write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (request.body ?? []), to: descriptor)
        return try Self.answer(try read(from: descriptor))
    }

    private func connected() throws(TokenBrokerError) -> Int32 {
        let descriptor: Int32
        let outcome: Int32
        switch place {
        case .tcp(let port):
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            (address.sin_family, address.sin_port) = (sa_family_t(AF_INET), port.bigEndian)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            outcome = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        case .unix(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
            outcome = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        guard descriptor >= 0, outcome == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            if descriptor >= 0 { close(descriptor) }
            throw .unreachable(reason)
        }
        var limit = timeval(tv_sec: Self.seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            _ = unsafe setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        return descriptor
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) throws(TokenBrokerError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .unreachable(unsafe String(cString: strerror(errno))) }
            rest = rest.dropFirst(count)
        }
    }

    private func read(from descriptor: Int32) throws(TokenBrokerError) -> [UInt8] {
        var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 16_384))
        while bytes.count <= Self.longestAnswer {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw .unreachable(errno == EAGAIN ? "it took longer than \(Self.seconds) s" : unsafe String(cString: strerror(errno)))
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
        throw .badAnswer("it is too large")
    }

    /// The daemon's answers have a Content-Length, and the connection ends behind them.
    private static func answer(_ bytes: [UInt8]) throws(TokenBrokerError) -> BrokerAnswer {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { throw .badAnswer("it was cut off") }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { throw .badAnswer("it is not HTTP") }
        let length = lines.dropFirst().first { $0.lowercased().hasPrefix("content-length:") }.flatMap { Int($0.dropFirst(15).filter { $0 != " " }) }
        let body = Array(bytes[end.upperBound...])
        guard length.map({ $0 <= body.count }) ?? true else { throw .badAnswer("it was cut off") }
        return BrokerAnswer(status: status, body: length.map { Array(body.prefix($0)) } ?? body)
    }
}
