import Glibc

/// Refuses addresses that no partner has: link-local ones (cloud metadata), "this network" and multicast.
///
/// They are checked after name resolution, so that no DNS answer can direct a secret there.
enum AddressRule {
    /// The 4 or 16 address bytes of a resolved socket address; nil for other families.
    static func bytes(_ address: UnsafePointer<sockaddr>) -> [UInt8]? {
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET:
            return unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                unsafe withUnsafeBytes(of: pointer.pointee.sin_addr) { unsafe Array($0) }
            }
        case AF_INET6:
            return unsafe UnsafeRawPointer(address).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                unsafe withUnsafeBytes(of: pointer.pointee.sin6_addr) { unsafe Array($0) }
            }
        default:
            return nil
        }
    }

    /// Why connecting to an address is not allowed; nil if it is.
    static func problem(_ bytes: [UInt8]) -> String? {
        if bytes.count == 16 {
            let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            if isMapped { return problem(Array(bytes[12...])) }
            if bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 {
                return "the partner's host name resolves to a link-local address (fe80::/10), which is not allowed"
            }
            if bytes[0] == 0xFF { return "the partner's host name resolves to a multicast address, which is not allowed" }
            let metadata: [UInt8] = [0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54]
            if bytes == metadata { return "the partner's host name resolves to a cloud metadata address (fd00:ec2::254), which is not allowed" }
            if bytes.allSatisfy({ $0 == 0 }) { return "the partner's host name resolves to the unspecified address ::, which is not allowed" }
            return nil
        }
        if bytes[0] == 169, bytes[1] == 254 { return "the partner's host name resolves to a link-local address (169.254/16), which is not allowed" }
        if bytes[0] == 0 { return "the partner's host name resolves to an address in 0/8, which is not allowed" }
        if bytes[0] >= 224 { return "the partner's host name resolves to a multicast or reserved address, which is not allowed" }
        return nil
    }
}
