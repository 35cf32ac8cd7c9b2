import Contract
import TestSupport
import Testing

/// The token that a path names, in the bytes as they came.
@Suite struct TokenPathTests {
    @Test(
        arguments: [
            ("/v1/tokens/zapper", "zapper"), ("/v1/tokens/a/b", "a/b"), ("/v1/tokens/", nil), ("/v1/token/a", nil), ("/V1/tokens/a", nil), ("/", nil),
            ("/v1/tokens/headers/headers", "headers/headers"),
        ] as [(String, String?)])
    func `what stands behind the prefix`(path: String, rest: String?) {
        let bytes = Array(path.utf8)
        let found = TokenPath().rest(of: 0..<bytes.count, bytes.span).map { String(decoding: bytes[$0], as: UTF8.self) }
        #expect(found == rest)
    }

    @Test(arguments: [
        ("/v1/tokens/a/headers", true), ("/v1/tokens/headers/headers", true), ("/v1/tokens/headers", false), ("/v1/tokens/a/b/headers", false),
        ("/v1/tokens/a/header", false), ("/v1/tokens//headers", false),
    ])
    func `the headers of a token, whatever its name`(path: String, isHeaders: Bool) {
        let bytes = Array(path.utf8)
        #expect(TokenPath().isHeaders(0..<bytes.count, bytes.span) == isHeaders)
    }
}
