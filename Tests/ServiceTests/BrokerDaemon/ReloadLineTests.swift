import API
import Synchronization
import TestSupport
import Testing

@testable import BrokerDaemon

/// Reloads that are requested while one runs, and a stop.
@Suite struct ReloadLineTests {
    @Test func `all that are requested while one runs are one more`() async {
        let (line, valve) = (ReloadLine(), Valve())
        let runs = Mutex(0)
        let running = Task {
            await line.run {
                runs.withLock { $0 += 1 }
                await valve.pass()
                return .done(warnings: [])
            }
        }
        line.submit()
        #expect(await eventually { runs.withLock { $0 } == 1 })
        for _ in 0..<4000 { line.submit() }
        await withTaskGroup { group in
            for _ in 0..<20 { group.addTask { await line.request() } }
            // None of them is answered by the reload that began before they came.
            while line.waiting < 20 { await Task.yield() }
            valve.open()
            for await outcome in group { if case .done = outcome {} else { Issue.record("\(outcome)") } }
        }
        #expect(runs.withLock { $0 } == 2)
        line.close()
        await running.value
        #expect(runs.withLock { $0 } == 2)
    }

    @Test func `a stop ends every wait`() async {
        let (line, valve) = (ReloadLine(), Valve())
        let running = Task {
            await line.run {
                await valve.pass()
                return .done(warnings: [])
            }
        }
        async let first = line.request()
        async let second = line.request()
        while line.waiting + line.running < 2 { await Task.yield() }
        line.close()
        for outcome in [await first, await second, await line.request()] { if case .stopping = outcome {} else { Issue.record("\(outcome)") } }
        valve.open()
        await running.value
    }
}
