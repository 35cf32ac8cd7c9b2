import Secrets
import Testing
import Time
import Tokens

/// What is read of a web token without its key (RFC 7519).
@Suite struct JSONWebTokenTests {
    private static func token(_ header: String = "{}", _ payload: String, _ signature: String = "c2ln") -> [UInt8] {
        Array("\(Base64.encode(Array(header.utf8), .url)).\(Base64.encode(Array(payload.utf8), .url)).\(signature)".utf8)
    }

    @Test(arguments: [
        token("[]", "{}"), token("1", "{}"), token("x", "{}"), token("{}", "[]"), token("{}", "{}", "*"), Array("e30.e30".utf8),
        Array("e30.e30.c2ln.x".utf8),
    ])
    func `three parts, of which two are objects`(bytes: [UInt8]) {
        #expect(JSONWebToken(bytes) == nil)
    }

    @Test func `padding and ordinary base64 hide no claim`() throws {
        let payload = #"{"exp":1800000000,"s":"???>>>"}"#
        let padded = Array("e30=.\(Base64.encode(Array(payload.utf8), .standard)).c2ln".utf8)
        #expect(try #require(JSONWebToken(padded)).date("exp") == WallTime(seconds: 1_800_000_000))
    }

    @Test(
        arguments: [
            ("1800000000", 1_800_000_000.0), (#""1800000000""#, 1_800_000_000), ("1.8e9", 1_800_000_000), ("0.5", 0.5), ("0", nil), ("-1", nil),
            (#""soon""#, nil),
            ("1e300", nil),
        ] as [(String, Double?)])
    func `a date is seconds since 1970, and one that no clock shows is none`(text: String, seconds: Double?) throws {
        let token = try #require(JSONWebToken(Self.token("{}", #"{"exp":\#(text)}"#)))
        #expect(token.date("exp") == seconds.map { WallTime(fractionalSeconds: $0) })
    }
}
