import Glibc

/// Who listens at the daemon's TCP address: while the daemon is down, any user of the host can, and would be sent the key.
enum ListenerOwner {
    /// - Throws: `TokenBrokerError.strangerListens`, unless it is root, this user or tokenbroker's. Where the kernel does not say, nothing.
    static func check(_ port: UInt16) throws(TokenBrokerError) {
        guard let owner = owner(port) else { return }
        let service = unsafe getpwnam("tokenbroker").map { unsafe $0.pointee.pw_uid }
        guard owner == 0 || owner == geteuid() || owner == service else { throw .strangerListens(user: owner) }
    }

    /// By /proc/net/tcp (proc(5)): the uid of the socket that listens at 127.0.0.1, or at every address.
    private static func owner(_ port: UInt16) -> UInt32? {
        let descriptor = unsafe open("/proc/net/tcp", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
        while case let count = unsafe read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropFirst() {
            let words = line.split(separator: " ")
            guard words.count > 7, words[3] == "0A" else { continue }
            let address = words[1].split(separator: ":")
            guard address.count == 2, UInt16(address[1], radix: 16) == port, address[0] == "0100007F" || address[0] == "00000000" else { continue }
            return UInt32(words[7])
        }
        return nil
    }
}
