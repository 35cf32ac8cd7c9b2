import LocalHTTP
import TestSupport
import Testing

/// Addresses that may be listened on.
@Suite struct SocketAddressTests {
    @Test(arguments: ["127.0.0.1:80", "127.1.2.3:0", "[::1]:9"]) func `loopback literals are addresses`(text: String) {
        #expect(SocketAddress(loopback: text)?.description == text)
    }

    @Test(arguments: ["0.0.0.0:80", "localhost:80", "128.0.0.1:80", "127.0.0.1", "[::]:80", "127.0.0.1:70000"])
    func `nothing else is`(text: String) {
        #expect(SocketAddress(loopback: text) == nil)
    }
}
