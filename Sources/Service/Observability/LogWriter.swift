import Glibc

/// Writes complete lines of logfmt in the format that is set: as they are or as JSON to standard error, or to the journal.
package struct LogWriter: Sendable {
    private let settings: LogSwitch
    private let journal = JournalSocket()
    private let write: @Sendable ([UInt8]) -> Void

    /// - Parameter write: writes bytes to standard error.
    package init(_ settings: LogSwitch, write: @escaping @Sendable ([UInt8]) -> Void = StandardError.writeAll) {
        self.settings = settings
        self.write = write
    }

    package func write(_ lines: [UInt8]) {
        switch settings.format {
        case .text: write(lines)
        case .json: write(Self.lines(lines).flatMap { LogLine($0).json + [0x0A] })
        case .journal:
            // A line that the journal does not take is not lost.
            for line in Self.lines(lines) where !journal.send(LogLine(line).datagram) { write(Array(line.utf8) + [0x0A]) }
        }
    }

    private static func lines(_ bytes: [UInt8]) -> [String] { bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) } }
}

/// The journal's socket for entries with fields of their own.
private final class JournalSocket: Sendable {
    private static let path = "/run/systemd/journal/socket"
    private let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether the journal has taken it.
    func send(_ datagram: [UInt8]) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(Self.path.utf8)) }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(descriptor, datagram, datagram.count, Int32(MSG_NOSIGNAL), $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        } == datagram.count
    }
}
