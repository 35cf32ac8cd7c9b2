import Broker
import OutboundHTTP
import Secrets
import Store
import TestSupport
import Testing
import Time
import Tokens

/// Tokens that are not valid yet, answers that are old, and refresh tokens in answers without a token.
@Suite struct StrangeAnswerTests {
    private static let yaml = """
        providers:
          - provider: early
            inputs: {secret: {secret: true}}
            login:
              - {method: POST, url: "https://partner.example/token", json: {secret: "{secret}"}}
            token: {from: {json: /access_token}, expires: [{jwt: exp}]}
        tokens:
          a: {provider: early, inputs: {secret: {value: s}}}

        """

    /// An answer whose token begins to be valid this many seconds after its Date, and lives 15 minutes from the Date.
    private static func answer(number: Int, early: Int64, _ clocks: FakeClocks) -> PartnerReply {
        let second = clocks.wall.nanoseconds / 1_000_000_000
        let payload = Base64.encode(Array(#"{"n":\#(number),"nbf":\#(second + early),"exp":\#(second + 900)}"#.utf8), .url)
        let date = CalendarTime.imfFixdate(WallTime(seconds: second))
        return .make(200, #"{"access_token":"e30.\#(payload).c2ln"}"#, fields: [("Date", date)], clocks: clocks)
    }

    private static func awaitsValidity(_ bench: BrokerBench) -> Bool {
        bench.events.all.contains { if case .tokenNotYetValid = $0 { true } else { false } }
    }

    @Test func `a first token that is not valid yet is waited for`() async throws {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in Self.answer(number: number, early: 30, clocks) }
        try await bench.run(Self.yaml) { _ in
            let keeper = try await bench.keeper()
            async let waiting = keeper.token(wait: .seconds(60))
            #expect(await eventually { Self.awaitsValidity(bench) })
            #expect(keeper.cell.current == nil)
            let start = bench.clocks.boot + .seconds(30)
            #expect(await eventually { bench.clocks.isSlept(until: start) })
            bench.clocks.advance(by: .seconds(30))
            let token = try await waiting
            #expect(token.remaining(at: bench.clocks.boot) == .seconds(869))
            #expect(bench.transport.requests.count == 1)
        }
    }

    @Test(arguments: [false, true])
    func `until then the old token is served, unless the login has ended it`(isExclusive: Bool) async throws {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in Self.answer(number: number, early: number == 1 ? 0 : 30, clocks) }
        let yaml = isExclusive ? Self.yaml.replacing("value: s}}}", with: "value: s}}, exclusive: true}") : Self.yaml
        try await bench.run(yaml) { _ in
            let keeper = try await bench.keeper()
            let old = try await keeper.token(wait: .seconds(5)).fingerprint
            async let refreshed = keeper.refresh(asAdmin: true, wait: .seconds(60))
            #expect(await eventually { Self.awaitsValidity(bench) })
            if isExclusive {
                #expect(keeper.cell.current == nil)
            } else {
                let served = try await keeper.token().fingerprint
                #expect(served == old)
            }
            let start = bench.clocks.boot + .seconds(30)
            #expect(await eventually { bench.clocks.isSlept(until: start) })
            bench.clocks.advance(by: .seconds(30))
            _ = try await refreshed
            let new = try await keeper.token().fingerprint
            #expect(new != old)
        }
    }

    @Test func `a stop does not wait until a token is valid`() async throws {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in Self.answer(number: number, early: 300, clocks) }
        // The clock stands still: a stop that waited would never return.
        try await bench.run(Self.yaml) { _ in #expect(await eventually { Self.awaitsValidity(bench) }) }
    }

    @Test func `an Age that every answer has does not keep an entry without a token`() async throws {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            .make(200, #"{"access_token":"token-\#(number)","expires_in":3600}"#, fields: [("Age", "7200")], clocks: clocks)
        }
        try await bench.run { _ in
            let token = try await bench.keeper().token(wait: .seconds(5))
            #expect(token.value.exposedText == "token-2" && token.expiry.lifetime == .seconds(3600))
            let status = try await bench.keeper().status()
            #expect(status.ignoredExpirySources == ["header Age"])
        }
    }

    @Test func `the answer of a cache does not lengthen the token in hand`() async throws {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            let age = number == 1 ? "0" : "3598"
            return .make(200, #"{"access_token":"token","expires_in":3600}"#, fields: [("Age", age)], clocks: clocks)
        }
        try await bench.run { _ in
            let keeper = try await bench.keeper()
            let deadline = try await keeper.token(wait: .seconds(5)).deadline
            _ = try await keeper.refresh(asAdmin: true, wait: .seconds(5))
            #expect(keeper.cell.current?.token.deadline == deadline)
            #expect(bench.transport.requests.count == 3)
        }
    }

    private static let rotating = """
        providers:
          - provider: rotating
            inputs: {secret: {secret: true}}
            login:
              - {method: POST, url: "https://partner.example/token", form: {secret: "{secret}"}}
            token: {from: {json: /access_token}, refresh_token: {json: /refresh_token}, expires: [{json: /expires_in, unit: seconds}]}
            refresh_request: {method: POST, url: "https://partner.example/token", form: {refresh_token: "{refresh_token}"}}
        tokens:
          a: {provider: rotating, inputs: {secret: {value: s}}, limits: {logins: LIMIT}}
        """

    private static func sent(_ bench: BrokerBench) -> [String] { bench.transport.requests.map { String(decoding: $0.body ?? [], as: UTF8.self) } }

    @Test func `a refresh that fails does not use up a tight limit for ever`() async throws {
        let bench = BrokerBench { request, number, clocks throws(TransportFault) in
            if String(decoding: request.body ?? [], as: UTF8.self).hasPrefix("refresh_token") { return .make(200, "<html></html>", clocks: clocks) }
            return .make(200, #"{"access_token":"a\#(number)","refresh_token":"r\#(number)","expires_in":3600}"#, clocks: clocks)
        }
        try await bench.run(Self.rotating.replacing("LIMIT", with: "1/min")) { _ in
            let keeper = try await bench.keeper()
            _ = try await keeper.token(wait: .seconds(5))
            bench.clocks.advance(by: .seconds(61))
            _ = try? await keeper.refresh(asAdmin: true, wait: .seconds(5))
            #expect(Self.sent(bench) == ["secret=s", "refresh_token=r1"])
            let isStepped = await bench.step()
            #expect(isStepped)
            #expect(await eventually { Self.sent(bench) == ["secret=s", "refresh_token=r1", "secret=s"] })
        }
    }

    @Test func `a refresh token in an answer without a token is kept`() async throws {
        let bench = BrokerBench { request, number, clocks throws(TransportFault) in
            switch number {
            case 1: .make(200, #"{"access_token":"a1","refresh_token":"r1","expires_in":3600}"#, clocks: clocks)
            // The partner has rotated, and its answer lacks the token; the login that follows fails.
            case 2: .make(200, #"{"access_token":null,"refresh_token":"r2","expires_in":3600}"#, clocks: clocks)
            case 3: .make(503, "", clocks: clocks)
            default: .make(200, #"{"access_token":"a2","refresh_token":"r3","expires_in":3600}"#, clocks: clocks)
            }
        }
        try await bench.run(Self.rotating.replacing("LIMIT", with: "100/min")) { _ in
            let keeper = try await bench.keeper()
            _ = try await keeper.token(wait: .seconds(5))
            _ = try? await keeper.refresh(asAdmin: true, wait: .seconds(5))
            bench.clocks.advance(by: .seconds(20))
            _ = try await keeper.refresh(asAdmin: true, wait: .seconds(5))
            #expect(Self.sent(bench) == ["secret=s", "refresh_token=r1", "secret=s", "refresh_token=r2"])
        }
    }

    @Test(arguments: [("8", 8.0), ("1", 1), ("3600", 3600)]) func `the same token with an earlier end ends earlier`(life: String, left: Double)
        async throws
    {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            .make(200, #"{"access_token":"token","expires_in":\#(number == 1 ? "3600" : life)}"#, clocks: clocks)
        }
        try await bench.run { _ in
            let keeper = try await bench.keeper()
            _ = try await keeper.token(wait: .seconds(5))
            _ = try await keeper.refresh(asAdmin: true, wait: .seconds(5))
            #expect(keeper.cell.current?.token.remaining(at: bench.clocks.boot) == .seconds(left))
        }
    }

    @Test func `a refresh that the partner refused is named, with the login that followed`() async throws {
        let bench = BrokerBench { request, number, clocks throws(TransportFault) in
            if String(decoding: request.body ?? [], as: UTF8.self).hasPrefix("refresh_token") {
                return .make(400, #"{"error":"invalid_grant","error_description":"revoked"}"#, clocks: clocks)
            }
            return .make(200, #"{"access_token":"a\#(number)","refresh_token":"r\#(number)","expires_in":3600}"#, clocks: clocks)
        }
        try await bench.run(Self.rotating.replacing("LIMIT", with: "100/min")) { _ in
            let keeper = try await bench.keeper()
            _ = try await keeper.token(wait: .seconds(5))
            _ = try await keeper.refresh(asAdmin: true, wait: .seconds(5))
            let failures = bench.events.all.compactMap { if case .refreshFailed(_, let failure) = $0 { failure } else { nil } }
            #expect(failures.map(\.failureClass) == [.rejected] && failures.first?.partnerMessage == "revoked")
        }
    }

    @Test func `reports that come while the partner is asked share its word`() async throws {
        let valve = Valve()
        let bench = BrokerBench { request, number, clocks throws(TransportFault) in
            if request.url.hasSuffix("/verify") {
                await valve.pass()
                return .make(401, "", clocks: clocks)
            }
            return .make(200, #"{"access_token":"token-\#(number)","expires_in":3600}"#, clocks: clocks)
        }
        let verify = "    verify: {method: GET, url: \"https://partner.example/verify\", headers: {Authorization: \"Bearer {token}\"}}\n"
        try await bench.run(BrokerBench.plain.replacing("    use: {", with: verify + "    use: {")) { _ in
            let keeper = try await bench.keeper()
            let token = try await keeper.token(wait: .seconds(5)).fingerprint
            let outcomes = await withTaskGroup { group in
                for number in 0..<10 { group.addTask { await keeper.report(fingerprint: token, status: 401, from: "client-\(number)") } }
                #expect(await eventually { bench.transport.requests.count == 2 })
                valve.open()
                return await group.reduce(into: [ReportOutcome]()) { $0.append($1) }
            }
            #expect(outcomes.allSatisfy { $0 != .ignored }, "\(outcomes)")
            #expect(bench.transport.requests.count { $0.url.hasSuffix("/verify") } == 1)
        }
    }

    @Test func `a pause of the account outlives a restart`() async throws {
        let yaml =
            TestConfiguration.plainProvider
            + "tokens:\n  a: {provider: plain, inputs: {secret: {value: s}}}\n  b: {provider: plain, inputs: {secret: {value: s}}}\n"
        let configuration = try TestConfiguration.read(yaml)
        let bench = BrokerBench { _, _, clocks throws(TransportFault) in .make(429, "", fields: [("Retry-After", "600")], clocks: clocks) }
        var stored: [StoredToken] = []
        try await bench.run(TestConfiguration.plainProvider + "tokens:\n  a: {provider: plain, inputs: {secret: {value: s}}}\n") { _ in
            let keeper = try await bench.keeper()
            #expect(await eventually { bench.transport.requests.count == 1 })
            while await keeper.status().lastFailure == nil { await Task.yield() }
            stored = [await keeper.stored]
        }
        let sent = FakeTransport { _, _ throws(TransportFault) in .make(503, "", clocks: bench.clocks) }
        bench.clocks.advance(by: .seconds(60))
        let next = TokenBroker(
            clocks: bench.clocks, transport: sent, secrets: FakeSecrets(), events: RecordedEvents(), identity: HostIdentity(), restored: stored)
        await next.apply(configuration)
        let running = Task { await next.run() }
        let other = try #require(try await next.keeper("b", perRequest: [:]))
        while await other.status().lastFailure == nil { await Task.yield() }
        let failure = await other.status().lastFailure
        #expect(failure?.failureClass == .waiting && sent.requests.isEmpty, "\(String(describing: failure))")
        await next.stop()
        await running.value
    }
}
