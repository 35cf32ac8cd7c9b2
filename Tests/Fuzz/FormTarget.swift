import Contract
import LocalHTTP
import TestSupport
import Text

@testable import API
@testable import Login

/// Token requests to the OAuth2 facade, and forms that partners answer with. The input up to the first line feed is the Authorization field.
enum FormTarget {
    static func run(_ bytes: [UInt8]) {
        let parts = bytes.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
        let (field, body) = (parts[0], parts.count > 1 ? Array(parts[1]) : [])
        checkForm(body)
        let start = "POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        let message = Array(start.utf8) + (field.isEmpty ? [] : Array("Authorization: ".utf8) + field + [13, 10]) + [13, 10]
        let parser = RequestParser(limits: .usual)
        guard case .complete = parser.parse(message.span) else { return }
        do throws(Problem) {
            let request = try OAuth2Request(parser.head, message.span, body.span, query: [])
            hold(!request.keys.isEmpty, "a client without a key")
            hold(!request.others.contains { $0.name == "client_secret" }, "the key among the other parameters")
            _ = try request.token(nil)
        } catch {
            hold(!error.detail.isEmpty, "a refusal without a reason")
        }
    }

    private static func checkForm(_ body: [UInt8]) {
        for (name, value) in FormText.pairs(body) {
            let first = FormBody.value(of: name, in: body)
            hold(first != nil || body.last == 0x0A || value.isEmpty, "a field that is not found again")
        }
        if let decoded = FormText.decode(body) { hold(decoded.count <= body.count, "decoding makes nothing longer") }
    }
}
