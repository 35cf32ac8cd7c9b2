import BrokerDaemon
import Glibc
import TestSupport
import Testing

/// A datagram socket that listens as a service manager does.
private final class ManagerSocket {
    private let descriptor: Int32

    /// - Parameter name: a path, or an abstract name with its zero byte first (unix(7)).
    init?(_ name: [UInt8]) {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let bound = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, socklen_t(2 + name.count)) }
        }
        guard bound == 0 else { return nil }
        var time = timeval(tv_sec: 10, tv_usec: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}

/// Messages to a service manager (sd_notify(3)).
@Suite struct ServiceNotifierTests {
    @Test func `messages reach a manager at a path and at an abstract name`() throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let path = "\(folder)/notify"
        let abstract = "tokenbroker-test-\(getpid())"
        for (name, bytes) in [(path, Array(path.utf8) + [0]), ("@\(abstract)", [0] + Array(abstract.utf8))] {
            let manager = try #require(ManagerSocket(bytes))
            let notifier = try #require(ServiceNotifier(environment: ["NOTIFY_SOCKET": name]))
            notifier.send(.ready(status: "6/6 tokens"))
            #expect(manager.receive() == "READY=1\nSTATUS=6/6 tokens")
            notifier.send(.reloading(at: 42))
            #expect(manager.receive().hasPrefix("RELOADING=1\nMONOTONIC_USEC=42\n"))
            notifier.send(.stopping(status: "bye"))
            #expect(manager.receive() == "STOPPING=1\nSTATUS=bye")
            notifier.send(.status("one\nREADY=1"))
            #expect(manager.receive() == "STATUS=one; READY=1")
            notifier.send(.alive)
            #expect(manager.receive() == "WATCHDOG=1")
        }
    }

    @Test(arguments: ["", "@", "relative", "vsock:2:1234", "/" + String(repeating: "x", count: 107)])
    func `a notify socket that is none is not spoken to`(name: String) {
        #expect(ServiceNotifier(environment: ["NOTIFY_SOCKET": name]) == nil)
    }

    @Test func `a watchdog is one's own alone`() {
        func watchdog(_ more: [String: String]) -> Duration? {
            ServiceNotifier(environment: ["NOTIFY_SOCKET": "/run/x"].merging(more) { $1 }, process: 7)?.watchdog
        }
        #expect(watchdog([:]) == nil)
        #expect(watchdog(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(watchdog(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"]) == .seconds(30))
        #expect(watchdog(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"]) == nil)
        #expect(watchdog(["WATCHDOG_USEC": "0"]) == nil)
        #expect(watchdog(["WATCHDOG_USEC": "1"]) == .microseconds(1))
        #expect(watchdog(["WATCHDOG_USEC": "9223372036854775807"]) == .seconds(86_400))
        #expect(watchdog(["WATCHDOG_USEC": "18446744073709551615"]) == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `a manager that reads nothing holds up nobody`() throws {
        let abstract = "tokenbroker-test-silent-\(getpid())"
        let manager = try #require(ManagerSocket([0] + Array(abstract.utf8)))
        let notifier = try #require(ServiceNotifier(environment: ["NOTIFY_SOCKET": "@\(abstract)"]))
        // Its queue is full long before that (unix(7), net.unix.max_dgram_qlen).
        for _ in 0..<2000 { notifier.send(.status("x")) }
        for _ in 0..<5 { notifier.send(.ready(status: "6/6 tokens")) }
        #expect(manager.receive() == "STATUS=x")
    }
}
