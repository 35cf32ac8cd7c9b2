import Broker
import HTTPTypes
import OutboundHTTP
import Secrets
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

/// Calls back for every event, at the moment it is recorded.
private struct EventListener: EventSink {
    let heard: @Sendable (BrokerEvent) -> Void

    init(_ heard: @escaping @Sendable (BrokerEvent) -> Void) { self.heard = heard }

    func record(_ event: BrokerEvent) { heard(event) }
}

@Suite struct TokenKeeperTests {
    private static func token(_ number: Int, _ clocks: FakeClocks, lifetime: Int = 900) -> PartnerReply {
        .make(200, "{\"access_token\":\"token-\(number)\",\"expires_in\":\(lifetime)}", clocks: clocks)
    }

    @Test func `three hundred callers share one login`() async throws {
        let valve = Valve()
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            await valve.pass()
            return .make(200, "{\"access_token\":\"token-\(number)\",\"expires_in\":900}", clocks: clocks)
        }
        try await bench.run { _ in
            let keeper = try await bench.keeper()
            let tokens = try await withThrowingTaskGroup { group in
                for _ in 0..<300 { group.addTask { try await keeper.token(wait: .seconds(30)).value.exposedText } }
                #expect(await eventually { bench.transport.requests.count == 1 })
                valve.open()
                return try await group.reduce(into: [String]()) { $0.append($1) }
            }
            #expect(tokens == Array(repeating: "token-1", count: 300))
            #expect(bench.transport.requests.count == 1)
        }
    }

    @Test func `who hears of a token finds it published`() async throws {
        let clocks = FakeClocks()
        let broker = Mutex<TokenBroker?>(nil)
        let isPublished = Mutex<Bool?>(nil)
        let events = EventListener { event in
            guard case .tokenAdopted = event else { return }
            let cell = broker.withLock { $0?.board.all["a"] }
            isPublished.withLock { $0 = cell?.current != nil }
        }
        let transport = FakeTransport { _, number throws(TransportFault) in Self.token(number, clocks) }
        let made = TokenBroker(clocks: clocks, transport: transport, secrets: FakeSecrets(), events: events)
        broker.withLock { $0 = made }
        await made.apply(try TestConfiguration.read(BrokerBench.plain))
        let running = Task { await made.run() }
        #expect(await eventually { isPublished.withLock { $0 } != nil })
        #expect(isPublished.withLock { $0 } == true)
        await made.stop()
        await running.value
    }

    @Test func `a caller that gives up cancels nothing`() async throws {
        let valve = Valve()
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            await valve.pass()
            return Self.token(number, clocks)
        }
        try await bench.run { _ in
            let keeper = try await bench.keeper()
            let impatient = Task { try await keeper.token(wait: .seconds(3)) }
            #expect(await eventually { bench.transport.requests.count == 1 && bench.clocks.nextWake != nil })
            bench.clocks.advance(by: .seconds(3))
            await #expect(throws: TokenRefusal.self) { try await impatient.value }
            valve.open()
            #expect(await eventually { keeper.cell.current != nil })
            #expect(bench.transport.requests.count == 1)
        }
    }

    @Test func `it renews at its time, and a failure keeps what is there`() async throws {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            if number == 2 { throw TransportFault(.unreachable, "status 500", status: 500) }
            return Self.token(number, clocks)
        }
        try await bench.run { _ in
            let keeper = try await bench.keeper()
            #expect(try await keeper.token(wait: .seconds(5)).value.exposedText == "token-1")
            let start = bench.clocks.boot
            #expect(await bench.step())
            #expect((570...600).contains((bench.clocks.boot - start).inSeconds))
            #expect(await eventually { bench.events.all.contains { if case .loginFailed = $0 { true } else { false } } })
            #expect(try await keeper.token().value.exposedText == "token-1")
            #expect(await keeper.status().state == .stale)
            #expect(await bench.step())
            #expect(await eventually { keeper.cell.current?.token.value.exposedText == "token-3" })
            #expect(await keeper.status().state == .fresh)
        }
    }

    @Test func `neither suspend nor a step of the wall clock lets a dead token out or kills a live one`() async throws {
        let valve = Valve()
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            if number > 1 { await valve.pass() }
            return Self.token(number, clocks)
        }
        try await bench.run { _ in
            let keeper = try await bench.keeper()
            _ = try await keeper.token(wait: .seconds(5))
            bench.clocks.stepWall(by: .seconds(86_400))
            #expect(try await keeper.token().value.exposedText == "token-1")
            bench.clocks.stepWall(by: .seconds(-200_000))
            #expect(try await keeper.token().value.exposedText == "token-1")
            bench.clocks.advance(by: .seconds(4000))  // as a suspend does: everything at once
            await #expect(throws: TokenRefusal.self) { try await keeper.token() }
            valve.open()
            let waiting = Task { try await keeper.token(wait: .seconds(10)).value.exposedText }
            #expect(try await waiting.value == "token-2")
        }
    }

    @Test func `a long poll hears of another token, or of none in time`() async throws {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in Self.token(number, clocks) }
        try await bench.run { _ in
            let keeper = try await bench.keeper()
            let first = try await keeper.token(wait: .seconds(5))
            let poll = Task { try await keeper.token(otherThan: [first.fingerprint], wait: .seconds(30)) }
            let report = await keeper.report(fingerprint: first.fingerprint, status: 401, from: "billing")
            #expect(report == .refreshing)
            #expect(try await poll.value.value.exposedText == "token-2")
            let idle = Task { try await keeper.token(otherThan: ["other"], wait: .zero).value.exposedText }
            #expect(try await idle.value == "token-2")
            #expect(await keeper.report(fingerprint: first.fingerprint, status: 401, from: "billing") == .alreadyReplaced)
            #expect(await keeper.report(fingerprint: "000000000000", status: 200, from: "billing") == .ignored)
        }
    }

    static let chain = """
        tokens:
          zapper: {provider: zapper-service, inputs: {api_key: {value: k}, api_token: {value: t}, organisation_id: o}}
          jo: {provider: zapper-customer, inputs: {api_key: {value: k}, service: {token: zapper}, email: e, password: {value: p}}}
        """

    @Test func `a chain waits for its input, and blames it for a 401 once, when it is old enough`() async throws {
        let valid = Mutex<String>("")
        let bench = BrokerBench { request, number, clocks throws(TransportFault) in
            let sent = request.fields[.authorization]
            if request.url.hasSuffix("/customers/login"), sent != "Bearer \(valid.withLock { $0 })" { return .make(401, clocks: clocks) }
            let payload = Base64.encode(Array("{\"exp\":\(clocks.wall.seconds + (sent == nil ? 900 : 300)),\"n\":\(number)}".utf8), .url)
            let token = "e30.\(payload).eA"
            if sent == nil { valid.withLock { $0 = token } }
            return .make(200, token, type: "text/plain", clocks: clocks)
        }
        try await bench.run(Self.chain) { _ in
            let jo = try await bench.keeper("jo")
            _ = try await jo.token(wait: .seconds(5))
            // The partner forgets the service token: the customer's next login is refused, the service token replaced, the login repeated.
            valid.withLock { $0 = "forgotten" }
            #expect(await bench.step(planned: 2))
            #expect(await eventually { bench.transport.requests.count == 5 })
            #expect(
                await eventually {
                    let status = await jo.status()
                    return status.logins == 2 && !status.isLoggingIn
                })
            let paths = bench.transport.requests.map { $0.url.split(separator: "/").dropFirst(4).joined(separator: "/") }
            #expect(paths.prefix(5) == ["service/login", "customers/login", "customers/login", "service/login", "customers/login"])
            #expect(await jo.status().state == .fresh)
        }
    }

    @Test func `a login reads its secrets once`() async throws {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            .make(200, "{\"access_token\":\"t\(number)\",\"expires_in\":900}", clocks: clocks)
        }
        try await bench.run { _ in
            let keeper = try await bench.keeper()
            _ = try await keeper.token(wait: .seconds(5))
            #expect(bench.transport.requests.count == 1)
            #expect(bench.secrets.reads == 1)
        }
    }

    /// Found by the simulation: a login that waited for etcd was made eight seconds after the operator's pause, since a refresh is never cancelled.
    @Test func `a login that has sent nothing yet is not made after an operator's pause`() async throws {
        let bench = BrokerBench { _, _, clocks throws(TransportFault) in .make(200, #"{"access_token":"t"}"#, clocks: clocks) }
        let valve = Valve()
        bench.secrets.valve.withLock { $0 = valve }
        let yaml = """
            providers:
              - provider: p
                inputs: {secret: {secret: true}}
                login: [{method: POST, url: "https://partner.example/login", form: {secret: "{secret}"}}]
                token: {from: {json: /access_token}, refresh_token: {json: /refresh_token}, expires: [{after: 15m}]}
                refresh_request: {method: POST, url: "https://partner.example/refresh", form: {refresh_token: "{refresh_token}"}}
            tokens:
              a: {provider: p, inputs: {secret: {value: s}}}
            """
        try await bench.run(yaml) { _ in
            let keeper = try await bench.keeper()
            #expect(await eventually { bench.secrets.reads == 1 })
            _ = await keeper.pause()
            valve.open()
            await keeper.finish()
            #expect(bench.transport.requests.isEmpty)
        }
    }

    @Test func `an input that fails is waited for, and costs no attempt`() async throws {
        let bench = BrokerBench { _, _, clocks throws(TransportFault) in .make(500, clocks: clocks) }
        try await bench.run(Self.chain) { _ in
            let jo = try await bench.keeper("jo")
            #expect(
                await eventually {
                    if bench.clocks.nextWake != nil { bench.clocks.advance(by: .milliseconds(500)) }
                    return await jo.status().lastFailure?.reason == "waiting for zapper (partner-unavailable)"
                })
            #expect(await jo.status().failuresInARow == 0)
            #expect(bench.transport.requests.allSatisfy { $0.url.hasSuffix("/service/login") })
        }
    }

    @Test func `a reload keeps what is unchanged and logs in again where the login changed, serving the old token meanwhile`() async throws {
        let valve = Valve()
        let bench = BrokerBench { request, number, clocks throws(TransportFault) in
            if number > 1 { await valve.pass() }
            return Self.token(number, clocks)
        }
        try await bench.run { broker in
            let keeper = try await bench.keeper()
            _ = try await keeper.token(wait: .seconds(5))
            await broker.apply(
                try TestConfiguration.read(BrokerBench.plain.replacing("{secret: {value: s}}}", with: "{secret: {value: s}}, idle_after: 1h}")))
            #expect(await keeper.status().state == .fresh)
            #expect(bench.transport.requests.count == 1)
            await broker.apply(try TestConfiguration.read(BrokerBench.plain.replacing("value: s", with: "value: other")))
            #expect(await eventually { bench.transport.requests.count == 2 })
            #expect(try await keeper.token().value.exposedText == "token-1")
            valve.open()
            #expect(await eventually { keeper.cell.current?.token.value.exposedText == "token-2" })
            await broker.apply(try TestConfiguration.read(BrokerBench.plain.replacing("  a: {", with: "  b: {")))
            #expect(try await broker.keeper("a", perRequest: [:]) == nil)
            await #expect(throws: TokenRefusal.self) { try await keeper.token() }
        }
    }

    @Test func `a partner's pause holds for every entry of the same secrets`() async throws {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            .make(429, fields: [("Retry-After", "120")], clocks: clocks)
        }
        let two = BrokerBench.plain + "  b: {provider: plain, inputs: {secret: {value: s}}}\n"
        try await bench.run(two) { _ in
            let (a, b) = (try await bench.keeper("a"), try await bench.keeper("b"))
            #expect(
                await eventually {
                    let (first, second) = (await a.status(), await b.status())
                    return first.lastFailure != nil && second.lastFailure != nil
                })
            let before = bench.transport.requests.count
            bench.clocks.advance(by: .seconds(119))
            await Task.yield()
            #expect(bench.transport.requests.count == before)
            #expect(before <= 2)
        }
    }

    @Test func `a pause beyond belief freezes an account for a day and no longer`() async throws {
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            number == 1 ? .make(429, fields: [("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT")], clocks: clocks) : Self.token(number, clocks)
        }
        try await bench.run { _ in
            let keeper = try await bench.keeper()
            #expect(await eventually { await keeper.status().lastFailure?.retryAfter == .seconds(86_400) })
            let start = bench.clocks.boot
            while keeper.cell.current == nil, bench.clocks.boot - start < .seconds(100_000) { #expect(await bench.step()) }
            #expect(await eventually { keeper.cell.current != nil })
            #expect((86_400...100_000).contains((bench.clocks.boot - start).inSeconds))
        }
    }

    @Test func `a latched token that is never tried again rests instead of spinning`() async throws {
        let yaml = BrokerBench.plain.replacing("{secret: {value: s}}}", with: "{secret: {value: s}}, latched_retry: never}")
        let bench = BrokerBench { _, number, clocks throws(TransportFault) in
            number == 1 ? Self.token(number, clocks, lifetime: 900) : .make(401, clocks: clocks)
        }
        try await bench.run(yaml) { _ in
            let keeper = try await bench.keeper()
            #expect(await eventually { keeper.cell.current != nil })
            for number in 2...5 {
                #expect(await bench.step())
                #expect(await eventually { bench.transport.requests.count == number })
            }
            #expect(await eventually { await keeper.status().nextRefreshAt == nil })
            bench.clocks.advance(by: .seconds(7200))
            #expect(await eventually { bench.clocks.nextWake == nil })
            #expect(bench.transport.requests.count == 5)
            #expect(await keeper.status().state == .latched)
        }
    }
}
