package import Broker
package import OutboundHTTP
import Time

/// Brokers over fake clocks and a fake network.
package struct BrokerBench {
    package let clocks = FakeClocks()
    package let events = RecordedEvents()
    package let transport: FakeTransport
    package let broker: TokenBroker
    package let secrets = FakeSecrets()

    package typealias Answer =
        @Sendable (_ request: OutboundRequest, _ number: Int, _ clocks: FakeClocks) async throws(TransportFault) -> PartnerReply

    package init(_ answer: @escaping Answer) {
        let clocks = clocks
        transport = FakeTransport { request, number throws(TransportFault) in try await answer(request, number, clocks) }
        broker = TokenBroker(clocks: clocks, transport: transport, secrets: secrets, events: events)
    }

    package static let plain = TestConfiguration.plainProvider + "tokens:\n  a: {provider: plain, inputs: {secret: {value: s}}}\n"

    package func run(_ yaml: String = plain, _ body: (TokenBroker) async throws -> Void) async throws {
        await broker.apply(try TestConfiguration.read(yaml))
        try await withThrowingTaskGroup { group in
            group.addTask { [broker] in await broker.run() }
            do { try await body(broker) } catch {
                await broker.stop()
                throw error
            }
            await broker.stop()
        }
    }

    package func keeper(_ name: String = "a", _ inputs: [String: String] = [:]) async throws -> TokenKeeper {
        guard let keeper = try await broker.keeper(name, perRequest: inputs) else { throw TestFailure("there is no token \(name)") }
        return keeper
    }

    /// Moves time to the next sleeper's moment, once as many keepers have planned a turn and the schedule sleeps until the first.
    package func step(planned: Int = 1) async -> Bool {
        let schedule = broker.schedule
        let isReady = await eventually {
            schedule.planned >= planned && (schedule.nextTurn.map { clocks.isSlept(until: $0) } ?? false)
        }
        guard isReady, let next = clocks.nextWake else { return false }
        clocks.advance(by: max(.zero, next - clocks.boot))
        return true
    }
}
