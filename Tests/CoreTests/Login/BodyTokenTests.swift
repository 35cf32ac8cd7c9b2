import Secrets
import Testing

@testable import Login

/// What a body may be that is the token.
@Suite struct BodyTokenTests {
    @Test(arguments: [
        "ERROR_AUTHENTICATION_FAILED", "USER_HAS_NO_APPLICABLE_ROLE", "invalid_credentials_provided", "Access_denied_for_this_client_id",
        "error=bad_verification_code&error_description=The+code+is+incorrect", "{error:unauthorized}", "{success=false}", "undefined1", "ERROR-401",
        "error:1001", "HTTP500!", "E_AUTH_FAILED_401", "service-unavailable:503", "0x1000000000", "00000000", "2026-11-26T00:00:00Z", "%3Chtml%3Ebad",
        "%PDF-1.4%abcd", "https://login.example/1234", "abcd1", "undefined", "maintenance-until-1200", "please_log_in_again", "12345678.50",
        "[1,2,3,4]",
        "<html>123</html>", "InvalidToken123", "TokenNotFound404", "AUTH-1001-LOCKED", "too_many_requests_429", "timeout-504", "status=403",
        "HTTP/1.1", "Retry-After:60", "locked_until_2026-12-01", "code:10012|msg:expired", "oauth2:expired", "1_000_000_000", "SessionLocked",
        "AccountSuspended", "LOGIN_REQUIRED", "Unauthorized!", "PleaseTryAgainLater",
    ])
    func `what is said to people or programs is no token`(text: String) {
        #expect(BodyToken.problem(with: Array(text.utf8)) != nil)
    }

    @Test(arguments: [
        "8f14e45fceea167a5a36dedd4bea2543", "AbCdEfGhIjKlMnOpQrStUv", "ya29.a0AfB_byC-7w", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "a1b2c3d4",
        "0f8fad5b-d9cb-469f-a165-70867728950e", "dG9rZW4gb2YgYSBwYXJ0bmVyIQ==", "1234567890abcdef", "v1.M7xYqP3z:91",
        "tok-0123-abcdefgh", "tok-12345", "abcdefghijklmnopqrst", "aB3$xY9!kL@mN*pQ%rS", "MFRGGZDFMZTWQ2LK", "user:k3Jx9QpLm2Vb",
        "AbCdEfGh", "qwertyuiopasdfgh", "0xg123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJlcnJvciJ9.aW52YWxpZGVycm9y",
    ])
    func `what partners give as tokens is one`(text: String) {
        #expect(BodyToken.problem(with: Array(text.utf8)) == nil)
    }

    @Test func `random tokens are tokens`() {
        var generator = SystemRandomNumberGenerator()
        for count in [12, 16, 24, 48] {
            let refused = (0..<2000).count { _ in
                let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
                return BodyToken.problem(with: Array(Base64.encode(bytes, .url).utf8)) != nil
            }
            // Short ones without a digit may look like words.
            #expect(refused <= (count < 16 ? 20 : 2), "\(count) bytes: \(refused)")
        }
    }
}
