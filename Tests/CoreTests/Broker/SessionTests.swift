import Broker
import OutboundHTTP
import Secrets
import Synchronization
import TestSupport
import Testing
import Time
import Tokens

/// Sessions that are prolonged in place of a login, and ended on purpose.
@Suite struct SessionTests {
    private static func yaml(_ more: String, expires: String = "[{json: /expires_in, unit: seconds}]") -> String {
        """
        providers:
          - provider: session
            inputs: {secret: {secret: true}}
            login: [{method: POST, url: "https://partner.example/login", json: {s: "{secret}"}, keep: {id: {json: /id}}}]
            token: {from: {json: /access_token}, expires: \(expires)}
            \(more)
        tokens:
          a: {provider: session, inputs: {secret: {value: s}}}
        """
    }

    /// Paths that were asked, with the bodies.
    private static func asked(_ bench: BrokerBench) -> [String] {
        bench.transport.requests.map { "\($0.url.dropFirst("https://partner.example".count)) \(String(decoding: $0.body ?? [], as: UTF8.self))" }
    }

    @Test func `a session is prolonged in its time, and a rejection is followed by a login`() async throws {
        let bench = BrokerBench { request, number, clocks throws(TransportFault) in
            if request.url.hasSuffix("/keep") {
                return number < 4 ? .make(200, #"{"expires_in":3600}"#, clocks: clocks) : .make(401, "{}", clocks: clocks)
            }
            return .make(200, #"{"access_token":"token-\#(number)","expires_in":3600,"id":"7"}"#, clocks: clocks)
        }
        let keep = #"prolong: {every: 10m, method: POST, url: "https://partner.example/keep", json: {t: "{token}", id: "{steps.0.id}"}}"#
        try await bench.run(Self.yaml(keep)) { _ in
            let keeper = try await bench.keeper()
            #expect(try await keeper.token(wait: .seconds(5)).value.exposedText == "token-1")
            for _ in 0..<3 {
                #expect(await bench.step())
                #expect(await eventually { keeper.cell.current != nil && bench.transport.requests.count >= 2 })
            }
            #expect(await eventually { bench.transport.requests.count >= 5 })
            let log = Self.asked(bench)
            #expect(
                log.prefix(5) == [
                    #"/login {"s":"s"}"#, #"/keep {"t":"token-1","id":"7"}"#, #"/keep {"t":"token-1","id":"7"}"#, #"/keep {"t":"token-1","id":"7"}"#,
                    #"/login {"s":"s"}"#,
                ])
            #expect(await eventually { keeper.cell.current?.token.value.exposedText == "token-5" })
        }
    }

    @Test func `the same token is another life where the definition says that a login prolongs it`() async throws {
        let bench = BrokerBench { _, _, clocks throws(TransportFault) in
            .make(200, #"{"access_token":"the-same-token","id":"7"}"#, clocks: clocks)
        }
        try await bench.run(Self.yaml("same_token: prolonged", expires: "[{after: 30m}]")) { _ in
            let keeper = try await bench.keeper()
            let first = try await keeper.token(wait: .seconds(5))
            #expect(await bench.step())
            #expect(await eventually { keeper.cell.current.map { $0.token.issuedAt > first.issuedAt } ?? false })
            #expect(keeper.cell.current?.token.remaining(at: bench.clocks.boot) == .seconds(1800))
        }
    }

    @Test func `a replaced token's session is ended a while later, and a removed entry's at once`() async throws {
        let bench = BrokerBench { request, number, clocks throws(TransportFault) in
            request.url.hasSuffix("/logout")
                ? .make(204, "", clocks: clocks)
                : .make(200, #"{"access_token":"token-\#(number)","expires_in":3600,"id":"\#(number)"}"#, clocks: clocks)
        }
        let logout = #"logout: {method: POST, url: "https://partner.example/logout", replaced: 60s, json: {t: "{token}", id: "{steps.0.id}"}}"#
        try await bench.run(Self.yaml(logout)) { broker in
            let keeper = try await bench.keeper()
            _ = try await keeper.token(wait: .seconds(5))
            _ = try await keeper.refresh(asAdmin: true, wait: .seconds(5))
            #expect(Self.asked(bench).count == 2)
            #expect(await eventually { bench.clocks.nextWake.map { $0 <= bench.clocks.boot + .seconds(60) } ?? false })
            bench.clocks.advance(by: .seconds(60))
            #expect(await eventually { bench.transport.requests.count == 3 })
            #expect(Self.asked(bench).last == #"/logout {"t":"token-1","id":"1"}"#)
            await broker.apply(try TestConfiguration.read("tokens: {}\n"))
            #expect(await eventually { bench.transport.requests.count == 4 })
            #expect(Self.asked(bench).last == #"/logout {"t":"token-2","id":"2"}"#)
        }
    }

    @Test func `a planned stop ends the session where the definition says so`() async throws {
        for isEnded in [true, false] {
            let bench = BrokerBench { request, _, clocks throws(TransportFault) in
                .make(200, #"{"access_token":"token-1","expires_in":3600,"id":"7"}"#, clocks: clocks)
            }
            let stop = isEnded ? "stop: true, " : ""
            try await bench.run(Self.yaml("logout: {\(stop)method: POST, url: \"https://partner.example/logout\", json: {t: \"{token}\"}}")) { _ in
                _ = try await bench.keeper().token(wait: .seconds(5))
            }
            #expect(Self.asked(bench).contains(#"/logout {"t":"token-1"}"#) == isEnded)
        }
    }

    @Test func `a login signed with a wrong clock is no rejection, and waits for the clock`() async throws {
        let bench = BrokerBench { _, _, clocks throws(TransportFault) in
            .make(401, "{}", fields: [("Date", CalendarTime.imfFixdate(clocks.wall + .seconds(300)))], clocks: clocks)
        }
        let yaml = """
            providers:
              - provider: signed
                inputs: {secret: {secret: true}}
                values: {assertion: {jwt: {alg: HS256, key: "{secret}"}}}
                login: [{method: POST, url: "https://partner.example/login", json: {a: "{assertion}"}}]
                token: {from: {json: /access_token}, expires: [{after: 1h}]}
            tokens:
              a: {provider: signed, inputs: {secret: {value: s}}}
            """
        try await bench.run(yaml) { _ in
            let keeper = try await bench.keeper()
            #expect(await eventually { await keeper.status().lastFailure?.failureClass == .local })
            let reason = await keeper.status().lastFailure?.reason ?? ""
            #expect(reason.contains("this host's clock differs from the partner's by 5 min"), "\(reason)")
            // It is tried again on this host only, until the clock changes.
            for _ in 0..<4 { #expect(await bench.step()) }
            #expect(bench.transport.requests.count == 1)
            bench.clocks.stepWall(by: .seconds(300))
            _ = await bench.step()
            #expect(await eventually { bench.transport.requests.count == 2 })
        }
    }
}
