import OutboundHTTP
import TestSupport
import Testing

/// What a base URL may be.
@Suite struct BaseURLTests {
    @Test(arguments: [
        "http://api.example.com", "ftp://a", "https://u@h", "https://h?x", "https://", "h.example", "https://h:99999", "https://h:abc", "https://h:",
        "https://h:0", "https://h:+443", "https://[::1", "https://[zz]", "https://*", "https://:443", "https://a,b", "https://a..b", "https://.",
        "http://127.0.0.+1", "http://127.0.0.1:80.evil.example", "http://[::1]:80evil", "http://127.0.0.1.evil", "http://[::1].evil",
        "https://-/x", "https://-a.example.com", "https://a-.example.com", "https://256.1.1.1/x", "https://1.2.3/x", "https://0x7f.1", "https://1",
        "https://h/x/../y", "https://h/./y", "https://h/%zz", "https://h/%", "https://h/100%", "https://-\u{E9}.example",
    ])
    func `a base URL is https to a host`(text: String) {
        #expect(BaseURL.problem(with: text) != nil)
    }

    @Test(arguments: [
        "https://api.example.com", "https://h:8443/p/q/", "http://127.0.0.1:8700", "http://[::1]:1", "https://API.example.com.",
        "https://[2001:db8::1]:8443/x", "https://h/a%20b/..c", "https://h:65535", "https://10.0.0.1/x", "https://4chan.example",
        "https://a--b.example1",
    ])
    func `or http to a loopback literal`(text: String) {
        #expect(BaseURL.problem(with: text) == nil)
    }
}
