import Foundation
import Glibc

/// A socket that sends bytes as they are and reads what comes: for messages no HTTP client would send.
///
/// `@unchecked Sendable`: a test uses it from one task at a time.
package final class RawClient: @unchecked Sendable {
    package struct Answer: Sendable {
        package var status: Int
        package var head: String
        package var body: [UInt8]
        package var text: String { String(decoding: body, as: UTF8.self) }

        package func field(_ name: String) -> String? {
            for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("\(name.lowercased()):") {
                return line.dropFirst(name.count + 1).trimmingPrefix(" ").description
            }
            return nil
        }
    }

    private let descriptor: Int32
    private var received: [UInt8] = []

    /// Connects to `127.0.0.1:port` or, with a path, to a unix socket. Nothing waits longer than a minute.
    package init?(address: String) {
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        if address.hasPrefix("unix:") {
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            let path = Array(address.dropFirst(5).utf8)
            unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: path) }
            let outcome = unsafe withUnsafePointer(to: &name) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            guard outcome == 0 else { return nil }
        } else {
            guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else { return nil }
            guard let connected = Loopback.connect(to: port) else { return nil }
            descriptor = connected
        }
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        close(descriptor)
    }

    package func send(_ text: String) {
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let sent = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress?.advanced(by: start), $0.count - start, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { return }
            start += sent
        }
    }

    /// Sends a plain GET; the text of its answer.
    package func ask(_ path: String) -> String? {
        send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        return receive()?.text
    }

    /// No more will be sent.
    package func finish() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// The next response; nil when the connection ended or nothing came.
    package func receive(omitsBody: Bool = false) -> Answer? {
        while true {
            if let answer = take(omitsBody: omitsBody) { return answer }
            guard fill() else { return nil }
        }
    }

    /// Whether the peer closed, once everything sent was read.
    package func isClosed() -> Bool {
        while fill() {}
        return isAtEnd
    }

    private var isAtEnd = false

    private func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        if count == 0 || count < 0 && errno == ECONNRESET { isAtEnd = true }
        guard count > 0 else { return false }
        received += buffer[..<count]
        return true
    }

    private func take(omitsBody: Bool) -> Answer? {
        guard let end = (0..<max(0, received.count - 3)).first(where: { received[$0...$0 + 3].elementsEqual([13, 10, 13, 10]) }) else { return nil }
        let head = String(decoding: received[..<end], as: UTF8.self)
        guard let status = head.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        var answer = Answer(status: status, head: head, body: [])
        let hasBody = !omitsBody && status != 304 && status >= 200
        let length = hasBody ? answer.field("Content-Length").flatMap { Int($0) } ?? 0 : 0
        guard received.count >= end + 4 + length else { return nil }
        answer.body = Array(received[end + 4..<end + 4 + length])
        received.removeFirst(end + 4 + length)
        return answer
    }
}

/// Runs blocking work off the tasks' own threads: with two of them, two waiting clients would hold up the server they wait for. It is a task
/// all the same, so that what fails in it names its test.
package func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await Task(executorPreference: ThreadExecutor.shared) { try work() }.value
}

/// Gives each job a thread of its own.
private final class ThreadExecutor: TaskExecutor {
    static let shared = ThreadExecutor()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
