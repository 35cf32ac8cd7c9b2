import API
import Broker
import Configuration
import LocalHTTP
import Logging
import Observability
import Synchronization
import Time

/// Reports to the log and, where there is one, to the service manager: readiness, the number of tokens, and that event
/// loops and renewals are running.
struct ServiceReporter: Sendable {
    let notifier: ServiceNotifier?
    let watch: ReadinessWatch
    let serving: ServingBoard
    let schedule: RefreshSchedule
    let metrics: Metrics
    let clocks: any Clocks
    let logger: Logger

    /// The shortest time between two status lines, so that ten thousand logins do not send ten thousand lines.
    private static let pause = Duration.milliseconds(250)
    /// The shortest time between two beats, however short the watchdog's time is.
    private static let shortestBeat = Duration.milliseconds(100)
    /// The longest time between two checks of the status line, whose text changes with time.
    private static let interval = Duration.seconds(10)

    /// Reports until it is cancelled. Cancel it while the server still runs, since its event loops answer the last beat.
    func run(_ readiness: Readiness, server: HTTPServer) async {
        let deadline = clocks.boot + readiness.within
        await withTaskGroup { group in
            group.addTask {
                try? await clocks.sleep(until: deadline)
                watch.signalChange()
            }
            if let notifier { group.addTask { await beat(notifier, server) } }
            group.addTask { await report(readiness, until: deadline) }
            await group.waitForAll()
        }
    }

    /// Sends a watchdog beat each time every event loop and the renewal loop have turned; a stuck loop misses the beat.
    private func beat(_ notifier: ServiceNotifier, _ server: HTTPServer) async {
        let interval = notifier.watchdog.map { min(max($0 / 3, Self.shortestBeat), Self.interval) } ?? Self.interval
        while !Task.isCancelled {
            await server.pulse()
            await schedule.pulse()
            if notifier.watchdog != nil { notifier.send(.alive) }
            watch.signalChange()
            try? await clocks.sleep(until: clocks.boot + interval)
        }
    }

    private func report(_ readiness: Readiness, until deadline: BootInstant) async {
        var isReady = false
        var place = 0
        var reported = (text: "", at: BootInstant(nanoseconds: 0))
        for await _ in watch.changes {
            let now = clocks.boot
            if !isReady, now >= deadline || ReadinessWatch.holds(readiness, serving.serving.cells, at: now, from: &place) {
                isReady = true
                reported = (summary.text, now)
                ready(reported.text)
                // Check again in a moment, when keepers have planned their next refresh.
                watch.signalChange()
            } else if let notifier, isReady || now - reported.at >= Self.pause {
                let text = summary.text
                if text != reported.text { notifier.send(.status(text)) }
                reported = (text, now)
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
        ProcessMemory.release()
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
