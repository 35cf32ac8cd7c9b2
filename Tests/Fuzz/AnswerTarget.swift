import Configuration
import HTTPTypes
import OutboundHTTP
import Providers
import Secrets
import TestSupport
import Time
import Tokens
import YAML

@testable import Login

/// Answers of partners. The first byte chooses the definition, then follow field lines, an empty line and the body.
enum AnswerTarget {
    private static let clocks = FakeClocks()
    private static let definitions: [ProviderDefinition] = ProviderCatalog.builtIn.map { read(String(decoding: $0.yaml, as: UTF8.self)) } + [own]

    /// Every kind of source in one definition.
    private static let own: ProviderDefinition = {
        let text = """
            provider: own
            inputs: {s: {secret: true}}
            login: [{method: POST, url: "https://a.example/t", form: {s: "{s}"}}]
            token:
              from: [{json: /a}, {xml: /r/t}, {cookie: sid}, {header: X-Token}, {form: t}]
              refresh_token: {json: /r}
              keep: {k: {json: /k}}
              expires: [{cookie: sid}, {json: /e, unit: seconds}, {json: /m, format: rfc3339, zone: "+05:30"}, {header: Expires, format: http_date}, {jwt: exp}, {after: 1h}]
            use: {headers: {Authorization: "Bearer {token}"}}
            errors: {rejected: [{status: 401}], throttled: [{json: /code, equals: slow}], retry_after: [{header: Retry-After}, {json: /wait, unit: seconds}]}
            """
        return read(text)
    }()

    private static func read(_ text: String) -> ProviderDefinition {
        let faults = FaultList()
        guard let read = YAMLDocument.parse(text, file: "p.yaml", faults: faults).flatMap(ProviderReader.read), faults.faults.isEmpty else {
            preconditionFailure("the definition is faulty: \(faults.faults)")
        }
        return read
    }

    static func run(_ bytes: [UInt8]) {
        guard bytes.count > 4 else { return }
        let definition = definitions[Int(bytes[0]) % definitions.count]
        let status = [200, 200, 200, 201, 400, 401, 403, 429, 500, 503][Int(bytes[1]) % 10]
        let reply = reply(status, bytes.dropFirst(2))
        var run = LoginRun(
            definition, values: ValueScope(["base_url": Array("https://a.example".utf8), "s": Array("s".utf8)]), environment: .fixed,
            connection: .init())
        do throws(LoginFailure) {
            guard case .token(let draft) = try run.receive(reply) else { return }
            hold(!draft.value.exposedBytes.isEmpty, "an empty token")
            if let lifetime = draft.expiry.lifetime { hold(lifetime >= .zero && lifetime <= .seconds(400 * 86_400), "a life of \(lifetime)") }
            for header in draft.headers { hold(!header.value.exposedBytes.contains { $0 == 10 || $0 == 13 || $0 == 0 }, "a line break in a header") }
        } catch {
            hold(!error.reason.isEmpty, "a failure without a reason")
            if let pause = error.retryAfter { hold(pause >= .zero, "a pause of \(pause)") }
        }
    }

    static func runCookie(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        let reply = PartnerReply.make(200, clocks: clocks)
        let cookies = lines.compactMap { SetCookie($0) }
        for cookie in cookies {
            hold(!cookie.name.isEmpty, "a cookie without a name")
            _ = cookie.lifetime(reply)
            _ = cookie.isDeleted(reply)
        }
        if let pairs = SetCookie.pairs(cookies, reply) { hold(!pairs.isEmpty, "no cookie is sent as one") }
    }

    private static func reply(_ status: Int, _ bytes: ArraySlice<UInt8>) -> PartnerReply {
        var fields: [(String, String)] = []
        var rest = bytes
        while let end = rest.firstIndex(of: 0x0A) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { break }
            fields.append((String(decoding: line[..<colon], as: UTF8.self), String(decoding: line[(colon + 1)...], as: UTF8.self)))
        }
        var reply = PartnerReply.make(status, fields: fields, clocks: clocks)
        reply.body = Array(rest)
        return reply
    }
}
