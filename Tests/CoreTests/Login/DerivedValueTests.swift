import JSON
import OutboundHTTP
import Providers
import Secrets
import TestSupport
import Testing
import Time
import Tokens
import YAML

@testable import Login

/// Every kind of derived value, at 2027-01-15T08:00:00Z with random bytes that are zero.
@Suite struct DerivedValueTests {
    private static func definition(_ values: String, login: String = "[]", use: String = "") throws -> ProviderDefinition {
        let faults = FaultList()
        let text = """
            provider: p
            inputs: {id: {}, secret: {secret: true}, seed: {secret: true, optional: true}, base_url: {kind: url, default: "https://a.example"}}
            values:
            \(values.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
            login: \(login)
            token: {from: {value: made}, pattern: ".*", expires: [{after: 1h}]}
            \(use)
            """
        let definition = YAMLDocument.parse(text, file: "p.yaml", faults: faults).flatMap(ProviderReader.read)
        if !faults.faults.isEmpty { throw ConfigurationFaults(faults: faults.faults) }
        return try #require(definition)
    }

    private static let inputs = ["id": "a b", "secret": "s&c", "seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "base_url": "https://a.example"]

    private static func token(_ values: String, inputs: [String: String] = inputs, environment: ValueEnvironment = .fixed) throws -> String {
        var run = LoginRun(try definition(values), values: ValueScope(inputs.mapValues { Array($0.utf8) }), environment: environment)
        return try run.makeToken(at: BootInstant(nanoseconds: 0), wall: WallTime(seconds: 1_800_000_000)).value.exposedText
    }

    static let kinds: [(values: String, text: String)] = [
        ("made: {template: '{id}/{secret}'}", "a b/s&c"), ("made: {base64: '{id}:{secret}'}", "YSBiOnMmYw=="),
        ("made: {base64url: '{id}:{secret}??'}", "YSBiOnMmYz8_"), ("b: {base64: '{id}'}\nmade: {unbase64: '{b}'}", "a b"),
        ("made: {urlencode: '{id}:{secret}'}", "a%20b%3As%26c"),
        ("made: {hash: {algorithm: md5, message: '{id}'}}", "0cc9cd4dd26c5137b675a0d819cb9ab0"),
        ("made: {hash: {algorithm: sha1, message: abc}, encoding: HEX}", "A9993E364706816ABA3E25717850C26C9CD0D89D"),
        ("made: {hash: {algorithm: sha256, message: abc, encoding: base64}}", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),
        (
            "made: {hmac: {hash: sha256, key: Jefe, message: 'what do ya want for nothing?'}}",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            "k: {hmac: {hash: sha1, key: '{secret}', message: x}, encoding: raw}\nmade: {hmac: {hash: sha1, key: '{k}', message: y, encoding: base64url}}",
            "CNPstHJck2EVgGycpDUz-v7Jlo8"
        ),
        ("made: {random: 3}", "000000"), ("made: {random: 3, encoding: base64}", "AAAA"),
        ("made: {time: {format: unix}}", "1800000000"), ("made: {time: {format: unix_ms, offset: 1m}}", "1800000060000"),
        ("made: {time: {format: rfc3339}}", "2027-01-15T08:00:00Z"),
        ("made: {time: {format: rfc3339, zone: '+05:45', offset: -1h}}", "2027-01-15T12:45:00+05:45"),
        ("made: {time: {format: http_date}}", "Fri, 15 Jan 2027 08:00:00 GMT"),
        ("made: {time: {format: '%Y%m%d', zone: Asia/Tokyo, offset: 7d}}", "20270122"),
        // RFC 6238 gives 8 digits for SHA-1; the counter is 60000000.
        ("made: {totp: {secret: '{seed}', digits: 8}}", "74768147"),
    ]

    @Test(arguments: kinds) func `a value of each kind`(values: String, text: String) throws {
        #expect(try Self.token(values) == text)
    }

    /// RFC 6238, appendix B.
    @Test(arguments: [(59, "94287082"), (1_111_111_109, "07081804"), (2_000_000_000, "69279037"), (20_000_000_000, "65353130")] as [(Int64, String)])
    func `the one-time passwords of the RFC`(second: Int64, code: String) {
        let text = OneTimeCode.text(Array("12345678901234567890".utf8), counter: UInt64(second / 30), digits: 8)
        #expect(String(decoding: text, as: UTF8.self) == code)
    }

    @Test func `a web token has what is written, and what every one has`() throws {
        let values = """
            made:
              jwt:
                alg: HS256
                key: "{secret}"
                header: {kid: "{id}"}
                claims: {iss: "{id}", n: 5, list: [a, "{seed}"], deep: {only: "{seed}"}, nbf: "{now}"}
                lifetime: 10m
                backdate: 30s
            """
        let text = try Self.token("now: {time: {format: unix}}\n" + values, inputs: Self.inputs.filter { $0.key != "seed" })
        let parts = text.split(separator: ".").map(String.init)
        let decode = { (part: String) in String(decoding: Base64.decode(part.utf8, .url) ?? [], as: UTF8.self) }
        #expect(decode(parts[0]) == #"{"alg":"HS256","kid":"a b","typ":"JWT"}"#)
        let claims = #"{"iss":"a b","n":5,"list":["a"],"nbf":1800000000,"iat":1799999970,"exp":1800000600,"jti":"AAAAAAAAAAAAAAAAAAAAAA"}"#
        #expect(decode(parts[1]) == claims)
        let signature = DigestAlgorithm.sha256.hmac(key: Array("s&c".utf8), Array("\(parts[0]).\(parts[1])".utf8))
        #expect(parts[2] == Base64.encode(signature, .url))
    }

    @Test func `a value that names an absent one is absent, and what it alone fills is left out`() throws {
        let definition = try Self.definition(
            "code: {template: '{seed}!'}\nmade: {template: x}",
            login: "[{method: POST, url: '{base_url}/?c={code}&d=1', headers: {X-C: '{code}'}, json: {a: {b: '{code}'}, c: ['{seed}'], d: {}, e: 1}}]"
        )
        var run = LoginRun(definition, values: ValueScope(["base_url": Array("https://a.example".utf8)]), environment: .fixed)
        let request = try run.request()
        #expect(request.url == "https://a.example/?d=1" && request.fields.count == 4)
        #expect(String(decoding: request.body ?? [], as: UTF8.self) == #"{"d":{},"e":1}"#)
    }

    @Test func `a value that names an answer is made after it, and time and random bytes once for all`() throws {
        let login = """
            [{method: GET, url: '{base_url}/challenge', keep: {c: {json: /c}}}, {method: POST, url: '{base_url}/login', json: {r: '{made}', t: '{now}'}}]
            """
        let definition = try Self.definition(
            "now: {time: {format: unix_ms}}\nmade: {hash: {algorithm: md5, message: '{steps.0.c}{secret}'}}\nproof: {hmac: {hash: sha1, key: k, message: '{token}'}}",
            login: login, use: "use: {headers: {X-Proof: '{proof}'}}")
        let clock = FakeClocks()
        let environment = ValueEnvironment(wall: { clock.wall }, random: { Array(repeating: 0, count: $0) })
        var run = LoginRun(definition, values: ValueScope(Self.inputs.mapValues { Array($0.utf8) }), environment: environment)
        _ = try run.request()
        clock.advance(by: .seconds(1))
        _ = try run.receive(.make(200, #"{"c":"42"}"#, clocks: clock))
        let second = String(decoding: try run.request().body ?? [], as: UTF8.self)
        let response = Digest.hex(DigestAlgorithm.md5.digest(Array("42s&c".utf8)))
        #expect(second == #"{"r":"\#(response)","t":"1800000000000"}"#)
        guard case .token(let draft) = try run.receive(.make(200, "{}", clocks: clock)) else {
            Issue.record("no token")
            return
        }
        #expect(draft.headers.map(\.value.exposedText) == [Digest.hex(DigestAlgorithm.sha1.hmac(key: Array("k".utf8), Array(response.utf8)))])
    }

    @Test func `a one-time password is sent once`() throws {
        let codes = SpentCodes()
        let environment = ValueEnvironment(wall: { WallTime(seconds: 1_800_000_010) }, spend: { codes.spend($0, $1) })
        _ = try Self.token("made: {totp: {secret: '{seed}'}}", environment: environment)
        let failure = #expect(throws: LoginFailure.self) { try Self.token("made: {totp: {secret: '{seed}'}}", environment: environment) }
        #expect(failure?.failureClass == .waiting && failure?.retryAfter == .seconds(20))
    }

    @Test(arguments: [
        ("made: {base64: '{gone}'}", "{gone} is not known here"), ("made: {base64: '{later}'}\nlater: {template: x}", "{later} is not known here"),
        ("made: {base64: x, base64url: y}", "must have one of"), ("made: {hash: {algorithm: sha3, message: x}}", "must be one of: md5"),
        ("made: {template: x}\nid: {template: x}", "is an input already"), ("made: {random: 0}", "from 1 to 256"),
        ("made: {time: {format: nonsense}}", "strftime(3)"),
        ("made: {template: x, encoding: hex}", "applies only to hash, hmac, random, rsa"),
        ("made: {jwt: {alg: none, key: x}}", "must be one of: HS256"),
        ("made: {hmac: {hash: sha1, message: x}}", "key is missing"), ("made: {time: {format: unix, zone: Mars}}", "zoneinfo"),
    ]) func `a faulty value is named`(values: String, fault: String) {
        let faults = #expect(throws: ConfigurationFaults.self) { try Self.definition(values) }
        #expect(faults?.description.contains(fault) == true, "\(faults?.description ?? "")")
    }

    @Test(arguments: [
        ("made: {base64: '{secret}'}", "'{made}'", true), ("b: {template: '{secret}'}\nmade: {urlencode: '{b}'}", "'{made}'", true),
        ("made: {jwt: {alg: HS256, key: k, claims: {s: '{secret}'}}}", "'{made}'", true),
        ("made: {jwt: {alg: HS256, key: '{secret}'}}", "'{made}'", false),
        ("made: {hmac: {hash: sha1, key: '{secret}', message: x}}", "'{made}'", false), ("made: {base64: '{id}'}", "'{made}'", false),
    ]) func `what shows a secret is given to callers only where the definition says so`(values: String, header: String, isFault: Bool) throws {
        let use = "use: {headers: {X-Value: \(header)}}"
        if isFault {
            #expect(throws: ConfigurationFaults.self) { try Self.definition(values, use: use) }
            _ = try Self.definition(values, use: use + "\ndiscloses: [secret]")
            _ = try Self.definition(values, use: use + "\ndiscloses: [made]")
        } else {
            _ = try Self.definition(values, use: use)
        }
    }

    /// One value of each kind, made of the secret where the kind takes one.
    static let ofSecret: [(kind: String, values: String)] = [
        ("template", "made: {template: 'x-{secret}-y'}"), ("first", "made: {first: ['{secret}', x]}"), ("base64", "made: {base64: '{secret}'}"),
        ("base64url", "made: {base64url: '{secret}'}"), ("unbase64", "b: {base64: '{secret}'}\nmade: {unbase64: '{b}'}"),
        ("urlencode", "made: {urlencode: '{secret}'}"), ("hash", "made: {hash: {algorithm: sha256, message: '{secret}'}}"),
        ("hmac", "made: {hmac: {hash: sha256, key: '{secret}', message: m}}"), ("random", "made: {random: 16}"),
        ("totp", "made: {totp: {secret: '{seed}', digits: 8}}"), ("time", "made: {time: {format: unix_ms}}"),
        ("jwt", "made: {jwt: {alg: HS256, key: '{secret}'}}"), ("rsa", "made: {rsa: {key: '{id}', message: '{secret}'}}"),
    ]

    @Test func `every kind of value is among those that must not leak`() {
        #expect(
            Set(Self.ofSecret.map(\.kind)) == [
                "template", "first", "base64", "base64url", "unbase64", "urlencode", "hash", "hmac", "random", "totp", "time", "jwt", "rsa",
            ])
    }

    @Test(arguments: ofSecret) func `neither a secret nor what is made of it is shown when a partner repeats it`(kind: String, values: String) throws
    {
        let login = "[{method: POST, url: '{base_url}/', json: {m: '{made}'}}]"
        let definition = try Self.definition(values, login: login).reading(.json(JSONPointer("/t") ?? .root))
        var inputs = Self.inputs
        inputs["secret"] = "canary-secret&1"
        if kind == "rsa" { inputs["id"] = Self.publicKey }
        var run = LoginRun(definition, values: ValueScope(inputs.mapValues { Array($0.utf8) }), environment: .fixed)
        let made = JSONValue(parsing: try run.request().body ?? [])?["m"]?.text ?? ""
        #expect(made.count >= 4)
        let words = "you sent \(made), that is canary-secret&1 or \(Base64.encode(Array(made.utf8), .standard)) or \(made.uppercased())"
        let body = JSONValue.object(["message": .string(words)]).jsonText
        let failure = #expect(throws: LoginFailure.self) { try run.receive(.make(401, body, clocks: FakeClocks())) }
        let said = "\(failure?.reason ?? "") \(failure?.partnerMessage ?? "")"
        #expect(said.contains("you sent") && !said.contains("canary-secret") && !said.contains(made), "\(said)")
        #expect(!said.contains(made.uppercased()) && !said.contains(Base64.encode(Array(made.utf8), .standard)), "\(said)")
    }

    /// The public key of RFC 7515, appendix A.2.
    private static let publicKey =
        #"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#
}

extension ProviderDefinition {
    /// The same definition with the token elsewhere.
    fileprivate func reading(_ place: ValueSource.Place) -> ProviderDefinition {
        var definition = self
        definition.token.source = SourceList(place)
        return definition
    }
}
