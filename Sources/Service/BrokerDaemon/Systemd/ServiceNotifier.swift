import CLinux
import Glibc

/// Sends the daemon's state to the service manager, in datagrams of lines (sd_notify(3)), without libsystemd.
package final class ServiceNotifier: Sendable {
    package enum Message: Sendable, Equatable {
        case ready(status: String)
        /// - Parameter at: CLOCK_MONOTONIC in microseconds, which distinguishes this reload from an earlier one.
        case reloading(at: UInt64)
        case stopping(status: String)
        case status(String)
        /// A beat for WatchdogSec=.
        case alive

        /// The text of the datagram. A status is one line.
        package var text: String {
            switch self {
            case .ready(let status): "READY=1\n\(Self.line(status))"
            case .reloading(let at): "RELOADING=1\nMONOTONIC_USEC=\(at)\nSTATUS=reloading the configuration"
            case .stopping(let status): "STOPPING=1\n\(Self.line(status))"
            case .status(let status): Self.line(status)
            case .alive: "WATCHDOG=1"
            }
        }

        private static func line(_ status: String) -> String {
            "STATUS=" + status.split(whereSeparator: \.isNewline).joined(separator: "; ")
        }
    }

    /// The longest time between two beats; nil where no watchdog is set.
    package let watchdog: Duration?
    private let descriptor: Int32
    private let address: [UInt8]

    /// Nil where no service manager asks for notifications.
    ///
    /// - Parameters:
    ///   - environment: NOTIFY_SOCKET, which is a path or `@` and an abstract name (unix(7)); WATCHDOG_USEC and WATCHDOG_PID
    ///     (sd_watchdog_enabled(3)).
    ///   - process: the ID of this process; a watchdog meant for another process is ignored.
    package init?(environment: [String: String], process: Int32 = getpid()) {
        guard let name = environment["NOTIFY_SOCKET"], let address = Self.address(name) else { return nil }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        self.address = address
        let isForThisProcess = environment["WATCHDOG_PID"].map { Int32($0) == process } ?? true
        watchdog = isForThisProcess ? environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap(Self.watchdog) : nil
        // A manager that reads nothing, or a container without one, must not hold up a start or a stop.
        var time = timeval(tv_sec: 0, tv_usec: 200_000)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    private static func watchdog(_ microseconds: Int64) -> Duration? {
        microseconds > 0 ? .microseconds(min(microseconds, longestWatchdog)) : nil
    }

    /// A day in microseconds: beats are sent more often in any case.
    private static let longestWatchdog: Int64 = 86_400_000_000

    deinit { close(descriptor) }

    /// The `sockaddr_un` up to the last byte of the name: the address length delimits an abstract name.
    private static func address(_ name: String) -> [UInt8]? {
        var path = Array(name.utf8)
        guard path.count > 1, path.count < 108, path[0] == UInt8(ascii: "/") || path[0] == UInt8(ascii: "@") else { return nil }
        if path[0] == UInt8(ascii: "@") { path[0] = 0 } else { path.append(0) }
        let family = sa_family_t(AF_UNIX)
        return [UInt8(truncatingIfNeeded: family), UInt8(truncatingIfNeeded: family >> 8)] + path
    }

    /// Sends a message; failures are ignored.
    package func send(_ message: Message) {
        let bytes = Array(message.text.utf8)
        // A lost status or beat is followed by another one; messages that the manager waits for have a fifth of a second.
        var flags = Int32(MSG_NOSIGNAL)
        switch message {
        case .status, .alive: flags |= Int32(MSG_DONTWAIT)
        case .ready, .reloading, .stopping: break
        }
        _ = unsafe address.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return 0 }
            return unsafe sendto(
                descriptor, bytes, bytes.count, flags,
                base.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
    }

    /// CLOCK_MONOTONIC in microseconds, by which the manager identifies a reload.
    package static var monotonicMicroseconds: UInt64 { UInt64(linux_nanoseconds(CLOCK_MONOTONIC) / 1000) }
}
