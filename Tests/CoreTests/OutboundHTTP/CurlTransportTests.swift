import Broker
import Glibc
import HTTPTypes
import Login
import OutboundHTTP
import Providers
import Secrets
import TestSupport
import Testing
import Time
import Tokens
import YAML

/// Real TLS with a private CA: every way a partner's connection fails ends in time, in its class, with a reason a person understands.
@Suite struct CurlTransportTests {
    /// Made once, by programs that take their time: off the tasks' own threads.
    static let files = Task {
        try await blocking {
            let authority = try TestAuthority()
            return (
                authority: authority.certificate, good: try authority.issue("good", for: "127.0.0.1"),
                other: try authority.issue("other", for: "partner.example"),
                expired: try authority.issue("expired", for: "127.0.0.1", isExpired: true),
                client: try authority.issue("client", for: "client.example")
            )
        }
    }
    static let transport = CurlTransport(clocks: SystemClocks(), userAgent: "tokenbroker/test")
    static let answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\nX-One: 1\r\nX-One: 2\r\n\r\n{\"token\":\"x\"}"

    private func send(
        _ server: TLSServer, authority: String? = nil, trusts: Bool = true, time: Duration = .seconds(5),
        _ change: (inout OutboundRequest) -> Void = { _ in }
    )
        async throws(TransportFault) -> PartnerReply
    {
        var request = OutboundRequest(method: .post, url: "\(server.url)/login", fields: [.contentType: "application/json"], body: Array("{}".utf8))
        request.connection.authorities = authority
        if trusts, authority == nil { request.connection.authorities = try? await Self.files.value.authority }
        request.connection.time = time
        change(&request)
        return try await Self.transport.send(request)
    }

    private func failure(
        _ server: TLSServer, authority: String? = nil, trusts: Bool = true, time: Duration = .seconds(5),
        _ change: (inout OutboundRequest) -> Void = { _ in }
    )
        async -> TransportFault?
    {
        do throws(TransportFault) {
            _ = try await send(server, authority: authority, trusts: trusts, time: time, change)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a good answer comes whole, with its fields in order`() async throws {
        let server = try await TLSServer(Self.files.value.good, answer: Self.answer)
        let reply = try await send(server)
        #expect(reply.status == 200)
        #expect(String(decoding: reply.body, as: UTF8.self) == "{\"token\":\"x\"}")
        #expect(reply.fields[values: try #require(HTTPField.Name("X-One"))] == ["1", "2"])
        let head = try #require(server.requests.first)
        #expect(head.hasPrefix("POST /login HTTP/1.1\r\n"))
        #expect(head.contains("\r\nUser-Agent: tokenbroker/test\r\n"))
        #expect(!head.contains("Expect:"))
    }

    @Test func `a certificate for another name is refused`() async throws {
        let failure = await failure(try await TLSServer(Self.files.value.other, answer: Self.answer))
        #expect(failure?.kind == .untrusted)
        #expect(
            failure?.reason.contains("no alternative certificate subject name matches") == true || failure?.reason.contains("does not match") == true,
            "\(failure?.reason ?? "")")
    }

    @Test func `an expired certificate is refused`() async throws {
        let failure = await failure(try await TLSServer(Self.files.value.expired, answer: Self.answer))
        #expect(failure?.kind == .untrusted)
        let reason = failure?.reason ?? ""
        #expect(reason.contains("certificate has expired: the server's certificate CN=127.0.0.1, valid from "), "\(reason)")
    }

    @Test func `TLS to a plain port is called that`() async throws {
        let server = try LoopbackListener()
        server.run { client in
            var byte: UInt8 = 0
            _ = unsafe recv(client, &byte, 1, 0)
            let answer = Array("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".utf8)
            _ = unsafe Glibc.send(client, answer, answer.count, 0)
            close(client)
        }
        let request = OutboundRequest(method: .get, url: "https://127.0.0.1:\(server.port)/", fields: [:])
        await #expect(throws: TransportFault(.untrusted, "what answered does not speak TLS; is it an http:// address, or another port?")) {
            try await Self.transport.send(request)
        }
    }

    @Test func `an unknown authority is refused`() async throws {
        let failure = await failure(try await TLSServer(Self.files.value.good, answer: Self.answer), trusts: false)
        #expect(failure?.kind == .untrusted)
        #expect(failure?.reason.contains("unable to get local issuer certificate") == true, "\(failure?.reason ?? "")")
    }

    @Test func `TLS 1.1 is refused by us`() async throws {
        let server = try await TLSServer(Self.files.value.good, answer: Self.answer, onlyTLS11: true)
        let failure = await failure(server)
        #expect(failure?.kind == .untrusted)
        // The alert is the one our side sends or the version our side does not accept: no request reached the server.
        #expect(
            failure?.reason.contains("protocol version") == true || failure?.reason.contains("unsupported protocol") == true,
            "\(failure?.reason ?? "")")
        #expect(server.requests.isEmpty)
        // The same server with a client that allows TLS 1.1 answers: the refusal was ours.
        let openssl = try await blocking {
            try TestFiles.run("/usr/bin/openssl", ["s_client", "-connect", "127.0.0.1:\(server.port)", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"])
        }
        #expect(openssl.output.contains("TLSv1.1"))
    }

    @Test func `a drip-fed answer ends with the time for the whole`() async throws {
        let failure = await failure(
            try await TLSServer(Self.files.value.good, answer: Self.answer, manner: .dripping(milliseconds: 500)), time: .seconds(1))
        // The whole answer takes a minute: it would come if nothing ended it.
        #expect(failure?.kind == .timedOut)
    }

    @Test func `silence ends too`() async throws {
        let failure = await failure(try await TLSServer(Self.files.value.good, answer: Self.answer, manner: .silent), time: .milliseconds(300))
        #expect(failure?.kind == .timedOut)
        // On a busy machine the handshake itself may be what is not done in time.
        #expect(failure?.reason.contains(/timed out|timeout/) == true, "\(failure?.reason ?? "")")
    }

    @Test func `two mebibytes are a bad reply`() async throws {
        let body = String(repeating: "x", count: 2 * 1024 * 1024)
        let server = try await TLSServer(Self.files.value.good, answer: "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let failure = await failure(server)
        #expect(failure == TransportFault(.unreadable, "the answer is larger than 1 MiB"))
    }

    @Test func `a header without end is a bad reply`() async throws {
        let fields = (0..<4000).map { "X-\($0): \(String(repeating: "y", count: 20))\r\n" }.joined()
        let failure = await failure(try await TLSServer(Self.files.value.good, answer: "HTTP/1.1 200 OK\r\n\(fields)\r\n"))
        #expect(failure == TransportFault(.unreadable, "the answer's header is larger than 64 KiB"))
    }

    @Test(.timeLimit(.minutes(1))) func `what a partner says before it is asked is nobody's answer`() async throws {
        let server = try LoopbackServer(early: Self.answer) { _ in Self.answer }
        var request = OutboundRequest(method: .get, url: "\(server.url)/token")
        request.connection.time = .seconds(5)
        // The kernel decides who comes first: the request or the early bytes.
        var reason = ""
        while reason != "the partner answered before it was asked", !Task.isCancelled {
            do throws(TransportFault) { _ = try await Self.transport.send(request) } catch { reason = error.reason }
        }
    }

    @Test func `bytes that lie on an idle connection are nobody's answer`() async throws {
        @Sendable func answer(_ token: String) -> String { "HTTP/1.1 200 OK\r\nContent-Length: \(token.utf8.count)\r\n\r\n\(token)" }
        let late = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
        // The first answer is followed by another whole one, the third by a late 408.
        let server = try LoopbackServer { number in
            switch number {
            case 1: answer("first") + answer("stranger")
            case 3: answer("third") + late
            default: answer("answer-\(number)")
            }
        }
        for expected in ["first", "answer-2", "third", "answer-4"] {
            let reply = try await Self.transport.send(OutboundRequest(method: .post, url: "\(server.url)/token", body: Array("{}".utf8)))
            #expect(reply.status == 200 && String(decoding: reply.body, as: UTF8.self) == expected)
        }
        #expect(server.connections == 4 && server.requests.count == 4)
    }

    @Test func `trailers never become header fields`() async throws {
        let server = try LoopbackServer { _ in
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Subject-Token\r\nX-One: 1\r\n\r\n"
                + "2\r\n{}\r\n0\r\nX-Subject-Token: t\r\nX-One: 2\r\n\r\n"
        }
        let reply = try await Self.transport.send(OutboundRequest(method: .get, url: "\(server.url)/token"))
        #expect(String(decoding: reply.body, as: UTF8.self) == "{}")
        let (one, subject) = (try #require(HTTPField.Name("X-One")), try #require(HTTPField.Name("X-Subject-Token")))
        #expect(reply.fields[values: one] == ["1"] && reply.fields[subject] == nil)
    }

    @Test func `an interim answer's fields are not the answer's`() async throws {
        let server = try LoopbackServer { _ in
            "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Late:  a b \r\nContent-Length: 0\r\n\r\n"
        }
        let reply = try await Self.transport.send(OutboundRequest(method: .get, url: "\(server.url)/"))
        let (early, late) = (try #require(HTTPField.Name("X-Early")), try #require(HTTPField.Name("X-Late")))
        #expect(reply.status == 200 && reply.fields[early] == nil && reply.fields[late] == "a b")
    }

    @Test func `a redirect is never followed`() async throws {
        let target = try await TLSServer(Self.files.value.good, answer: Self.answer)
        let server = try await TLSServer(Self.files.value.good, answer: "HTTP/1.1 302 Found\r\nLocation: \(target.url)/\r\nContent-Length: 0\r\n\r\n")
        let reply = try await send(server)
        #expect(reply.status == 302)
        #expect(target.requests.isEmpty)
        let definition = try #require(ProviderCatalog.definitions(faults: FaultList())["pulsecrm"])
        var run = LoginRun(definition, values: ValueScope(), environment: .fixed)
        #expect(throws: LoginFailure.self) { try run.receive(reply) }
    }

    @Test func `a cut connection is a passing failure`() async throws {
        let failure = await failure(try await TLSServer(Self.files.value.good, answer: Self.answer, manner: .cut))
        #expect(failure?.kind == .unreachable, "\(failure?.reason ?? "")")
    }

    @Test func `a client certificate is shown where it is asked for`() async throws {
        let client = try await Self.files.value.client
        let server = try await TLSServer(Self.files.value.good, answer: Self.answer, clientAuthority: Self.files.value.authority)
        let without = await failure(server)
        #expect(without != nil)
        let reply = try await send(server) {
            $0.connection.certificate = client.certificate
            $0.connection.key = client.key
        }
        #expect(reply.status == 200)
    }

    @Test func `a configured proxy is used, and its refusal is reported`() async throws {
        let server = try await TLSServer(Self.files.value.good, answer: Self.answer)
        let proxy = try TunnelProxy()
        let reply = try await send(server) { $0.connection.proxy = proxy.url }
        #expect(reply.status == 200)
        #expect(proxy.requests == ["CONNECT 127.0.0.1:\(server.port) HTTP/1.1"])
        let asking = try TunnelProxy(refusal: "407 Proxy Authentication Required")
        let failure = await failure(server) { $0.connection.proxy = asking.url }
        #expect(failure?.kind == .untrusted)
        #expect(failure?.reason == "the proxy requires authentication (status 407)")
        #expect(server.requests.count == 1)
    }

    @Test(arguments: [("geheim", nil), ("wrong", "client"), (nil, "client")] as [(String?, String?)])
    func `an encrypted client key takes its passphrase, and never asks for it`(passphrase: String?, fault: String?) async throws {
        let files = try await Self.files.value
        let key = files.client.key + ".encrypted-\(passphrase ?? "none")"
        let encrypted = try await blocking {
            try TestFiles.run("/usr/bin/openssl", ["pkcs8", "-topk8", "-in", files.client.key, "-out", key, "-passout", "pass:geheim"])
        }
        #expect(encrypted.status == 0, "\(encrypted.errors)")
        let server = try TLSServer(files.good, answer: Self.answer, clientAuthority: files.authority)
        let failure = await failure(server) {
            ($0.connection.certificate, $0.connection.key) = (files.client.certificate, key)
            $0.passphrase = passphrase.map { Array($0.utf8) }
        }
        #expect(failure?.kind == (fault == nil ? nil : .unusable), "\(String(describing: failure))")
        if let fault { #expect(failure?.reason.contains(fault) == true, "\(failure?.reason ?? "")") }
    }

    @Test func `a client key that others can read is refused`() async throws {
        let files = try await Self.files.value
        let key = files.client.key + ".shared"
        try TestFiles.write(try TestFiles.text(files.client.key), to: key, mode: 0o640)
        let server = try TLSServer(files.good, answer: Self.answer)
        let failure = await failure(server) { ($0.connection.certificate, $0.connection.key) = (files.client.certificate, key) }
        #expect(failure?.kind == .unusable)
        #expect(failure?.reason.contains("can be read by group or others (mode 0640)") == true)
    }

    @Test func `authority, client certificate and proxy of a token's entry are those of its login`() async throws {
        let files = try await Self.files.value
        let server = try TLSServer(files.good, answer: Self.answer, clientAuthority: files.authority)
        let proxy = try TunnelProxy()
        let key = files.client.key + ".entry"
        _ = try await blocking {
            try TestFiles.run("/usr/bin/openssl", ["pkcs8", "-topk8", "-in", files.client.key, "-out", key, "-passout", "pass:geheim"])
        }
        let yaml = """
            tokens:
              a:
                provider: pulsecrm
                inputs: {base_url: "\(server.url)", api_key: {value: k}, api_secret: {value: s}}
                expires: [{after: 30m}]
                tls: {ca: "\(files.authority)", certificate: "\(files.client.certificate)", key: "\(key)", passphrase: {value: geheim}}
                proxy: "\(proxy.url)"
            """
        let broker = TokenBroker(clocks: SystemClocks(), transport: Self.transport, secrets: FakeSecrets(), events: RecordedEvents())
        await broker.apply(try TestConfiguration.read(yaml))
        let running = Task { await broker.run() }
        let keeper = try #require(try await broker.keeper("a", perRequest: [:]))
        #expect(try await keeper.token(wait: .seconds(10)).value.exposedText == "x")
        #expect(proxy.requests.count == 1)
        await broker.stop()
        await running.value
    }

    @Test func `missing files are ours, and say which`() async throws {
        let failure = await failure(try await TLSServer(Self.files.value.good, answer: Self.answer), authority: "/nowhere/ca.pem")
        #expect(failure?.kind == .unusable)
        #expect(failure?.reason.contains("/nowhere/ca.pem") == true)
    }

    @Test(arguments: ["http://partner.example/", "ftp://127.0.0.1/", "file:///etc/passwd", "https://u@h/"])
    func `other URLs are refused before a socket is opened`(url: String) async {
        await #expect(throws: TransportFault.self) { try await Self.transport.send(OutboundRequest(method: .get, url: url)) }
    }

    @Test(arguments: [
        ("https://169.254.169.254/", "link-local"), ("https://[fe80::1]/", "link-local"), ("https://0.0.0.0/", "0/8"),
        ("https://224.0.0.1/", "multicast"), ("https://[::ffff:169.254.1.1]/", "link-local"), ("https://[fd00:ec2::254]/", "metadata"),
    ])
    func `no partner lives at such an address`(url: String, word: String) async {
        do throws(TransportFault) {
            _ = try await Self.transport.send(OutboundRequest(method: .get, url: url))
            Issue.record("connected")
        } catch {
            #expect(error.reason.contains(word), "\(error.reason)")
        }
    }

    @Test func `what is sent after the end, or by a cancelled task, fails at once`() async throws {
        let transport = CurlTransport(clocks: SystemClocks(), userAgent: "test")
        let request = OutboundRequest(method: .get, url: "http://127.0.0.1:1/")
        let cancelled = Task { () -> String? in
            while !Task.isCancelled { await Task.yield() }
            do throws(TransportFault) { _ = try await transport.send(request) } catch { return error.reason }
            return nil
        }
        cancelled.cancel()
        #expect(await cancelled.value == "cancelled")
        transport.stop()
        await #expect(throws: TransportFault(.unreachable, "cancelled")) { try await transport.send(request) }
    }

    @Test func `nobody there is a passing failure, and an impatient caller can go`() async throws {
        let refused = OutboundRequest(method: .get, url: "http://127.0.0.1:1/")
        await #expect(throws: TransportFault.self) { try await Self.transport.send(refused) }
        let server = try await TLSServer(Self.files.value.good, answer: Self.answer, manner: .silent)
        let task = Task { await failure(server, time: .seconds(60)) }
        #expect(await eventually { !server.requests.isEmpty })
        task.cancel()
        #expect(await task.value?.reason == "cancelled")
    }
}
