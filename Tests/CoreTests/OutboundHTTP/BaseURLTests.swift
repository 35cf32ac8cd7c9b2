import OutboundHTTP
import TestSupport
import Testing

/// What a base URL may be.
@Suite struct BaseURLTests {
    @Test(arguments: ["http://api.example.com", "ftp://a", "https://u@h", "https://h?x", "https://", "h.example"])
    func `a base URL is https to a host`(text: String) {
        #expect(BaseURL.problem(with: text) != nil)
    }

    @Test(arguments: ["https://api.example.com", "https://h:8443/p/q/", "http://127.0.0.1:8700", "http://[::1]:1"])
    func `or http to a loopback literal`(text: String) {
        #expect(BaseURL.problem(with: text) == nil)
    }
}
