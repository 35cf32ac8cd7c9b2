import CLinux
import Glibc

/// What a unit asks of the credentials socket. systemd says it in the address that it binds its end to, `\0RANDOM/unit/UNIT/CREDENTIAL`
/// (systemd.exec(5), LoadCredential=).
struct CredentialRequest: Equatable {
    let unit: String
    /// The name of the credential, which is that of the token.
    let credential: String

    /// Nil for an address that systemd does not bind.
    init?(address: [UInt8]) {
        guard address.first == 0 else { return nil }
        let parts = address.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard parts.count == 4, parts[1] == "unit", !parts[2].isEmpty, !parts[3].isEmpty else { return nil }
        (unit, credential) = (parts[2], parts[3])
    }

    /// The request of the other end of a connection.
    init?(of descriptor: Int32) {
        var address = sockaddr_un()
        var size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let outcome = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getpeername(descriptor, $0, &size) }
        }
        let start = MemoryLayout<sa_family_t>.size
        guard outcome == 0, address.sun_family == sa_family_t(AF_UNIX), Int(size) > start, Int(size) <= MemoryLayout<sockaddr_un>.size else {
            return nil
        }
        self.init(address: unsafe withUnsafeBytes(of: &address) { unsafe Array($0[start..<Int(size)]) })
    }
}
