import API
import Broker
import Configuration
import LocalHTTP
import Logging
import Observability
import Synchronization
import Time
import Tokens

/// Reports to the log and, where there is one, to the service manager: ready, how many tokens there are, and that event
/// loops and renewals go on.
struct ServiceReporter: Sendable {
    let notifier: ServiceNotifier?
    let watch: ReadinessWatch
    let serving: ServingBoard
    let schedule: RefreshSchedule
    let metrics: Metrics
    let clocks: any Clocks
    let logger: Logger

    /// Between two lines to the service manager, so that ten thousand logins do not tell it ten thousand times.
    private static let pause = Duration.milliseconds(250)
    /// Between two looks at a line that grows old by itself.
    private static let interval = Duration.seconds(10)

    /// Reports until it is cancelled; that must be while the server still runs, whose loops answer the last beat.
    func run(_ readiness: Readiness, server: HTTPServer) async {
        let deadline = clocks.boot + readiness.within
        await withTaskGroup { group in
            group.addTask {
                try? await clocks.sleep(until: deadline)
                watch.look()
            }
            if let notifier { group.addTask { await beat(notifier, server) } }
            group.addTask { await report(readiness, until: deadline) }
            await group.waitForAll()
        }
    }

    /// A beat goes out when every event loop has turned and the renewals' loop has come round: one that is stuck is a missed beat.
    private func beat(_ notifier: ServiceNotifier, _ server: HTTPServer) async {
        let interval = notifier.watchdog.map { min($0 / 3, Self.interval) } ?? Self.interval
        while !Task.isCancelled {
            await server.pulse()
            await schedule.pulse()
            if notifier.watchdog != nil { notifier.send(.alive) }
            watch.look()
            try? await clocks.sleep(until: clocks.boot + interval)
        }
    }

    private func report(_ readiness: Readiness, until deadline: BootInstant) async {
        var isReady = false
        var place = 0
        var told = (text: "", at: BootInstant(nanoseconds: 0))
        for await _ in watch.changes {
            let now = clocks.boot
            if !isReady, now >= deadline || ReadinessWatch.holds(readiness, serving.serving.cells, at: now, from: &place) {
                isReady = true
                told = (summary.text, now)
                ready(told.text)
                // Again in a moment, when keepers have planned what comes next.
                watch.look()
            } else if let notifier, isReady || now - told.at >= Self.pause {
                let text = summary.text
                if text != told.text { notifier.send(.status(text)) }
                told = (text, now)
            }
            if isReady, notifier != nil { try? await clocks.sleep(until: now + Self.pause) }
        }
    }

    private func ready(_ status: String) {
        let (cells, missing) = (serving.serving.cells, missing)
        var fields: Logger.Metadata = ["tokens": "\(cells.count - missing.count)/\(cells.count)"]
        if !missing.isEmpty { fields["missing"] = "\(missing.joined(separator: ","))" }
        logger.notice("ready", metadata: fields)
        watch.becomeReady()
        notifier?.send(.ready(status: status))
        SpentMemory.giveBack()
    }

    private var missing: [String] {
        serving.serving.cells.filter { !$0.isUsable(at: clocks.boot) }.map(\.name)
    }

    var summary: ServiceSummary {
        var summary = ServiceSummary(
            tokens: serving.serving.cells.count, missing: missing, nextRenewal: schedule.nextTurn.map { max(.zero, $0 - clocks.boot) })
        summary.isStoreUsable = metrics.events.isStoreUsable.load(ordering: .relaxed)
        summary.reloadFault = watch.reloadFault
        return summary
    }
}
