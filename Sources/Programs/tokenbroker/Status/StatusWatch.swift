import ArgumentParser
import Glibc
import HTTPTypes
import JSON
import OutboundHTTP
import Time

/// `status --watch` on a terminal: asks every second, and goes on when the daemon is away for a while.
struct StatusWatch {
    private enum Event: Sendable {
        case terminal(Terminal.Event)
        case answer(Result<JSONValue, BrokerFailure>, at: Double)
    }

    private let client: BrokerClient
    private let order: LiveTable.Order

    init(_ client: BrokerClient, order: LiveTable.Order) {
        (self.client, self.order) = (client, order)
    }

    func run() async throws {
        // A first answer before the screen is taken: a wrong key is an error like any other.
        let first = try await client.json(.get, path, time: .seconds(5))
        let terminal = Terminal()
        defer { terminal.restore() }
        var table = LiveTable(order: order)
        table.take(LiveTable.Sample(overview: first, at: Self.seconds))
        let (events, continuation) = AsyncStream<Event>.makeStream(bufferingPolicy: .bufferingNewest(16))
        let keys = Task { [events = terminal.events] in for await event in events { continuation.yield(.terminal(event)) } }
        let answers = Task { [self] in
            while (try? await Task.sleep(for: .seconds(1))) != nil { continuation.yield(.answer(await ask(), at: Self.seconds)) }
        }
        defer {
            keys.cancel()
            answers.cancel()
        }
        terminal.show(table.text(size: terminal.size, clock: Self.clock, colored: true))
        for await event in events {
            switch event {
            case .terminal(.ended), .terminal(.key(UInt8(ascii: "q"))), .terminal(.key(4)): return
            case .terminal(.key(UInt8(ascii: "s"))): table.order = table.order.next
            case .terminal(.suspended):
                terminal.suspend()
                continue
            case .terminal(.continued): terminal.take()
            case .terminal: break
            case .answer(.success(let overview), let time): table.take(LiveTable.Sample(overview: overview, at: time))
            case .answer(.failure(let failure), _): table.fault = (failure.text, table.fault?.since ?? Self.clock)
            }
            terminal.show(table.text(size: terminal.size, clock: Self.clock, colored: true))
        }
    }

    private var path: String { BrokerClient.path("v1", "overview", query: [("limit", "2000")]) }

    private func ask() async -> Result<JSONValue, BrokerFailure> {
        do throws(BrokerFailure) {
            return .success(JSONValue(parsing: try await client.attempt(.get, path, time: .seconds(5)).body) ?? .null)
        } catch {
            return .failure(error)
        }
    }

    private static var seconds: Double { Double(SystemClocks().boot.nanoseconds) / 1e9 }

    /// The time of day here.
    private static var clock: String {
        var now = time(nil)
        var parts = unsafe tm()
        _ = unsafe localtime_r(&now, &parts)
        return unsafe [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}
