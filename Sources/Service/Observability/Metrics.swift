import Contract
import Glibc
package import LocalHTTP
package import Time
package import Tokens

/// All metrics of the daemon.
package struct Metrics: Sendable {
    package let requests = RequestMetrics()
    package let events: EventMetrics
    package let hours: LoginHours
    private let output: StandardError
    package let version: String
    package let started: WallTime

    /// - Parameters:
    ///   - version: the version of the program.
    ///   - clocks: read now for the start of the process.
    package init(output: StandardError, version: String, clocks: any Clocks) {
        self.output = output
        self.version = version
        started = clocks.wall
        events = EventMetrics(clocks: clocks)
        hours = LoginHours(clocks: clocks)
    }

    /// Forgets tokens that are no longer configured.
    package func keepTokens(_ names: Set<String>) {
        requests.keepTokens(names)
        events.keepTokens(names)
    }

    /// The response of `/metrics`.
    package func page(_ statuses: [TokenStatus], _ format: MetricsText.Format) -> Response {
        var text = MetricsText(format)
        requests.write(to: &text)
        events.write(to: &text)
        Self.write(statuses, to: &text)
        Process.write(started, to: &text)
        text.family("tokenbroker_log_lines_lost", .counter, "Log and audit lines dropped because standard error was not read in time.")
        text.sample("_total", [], output.lost.value)
        text.family("tokenbroker_build", .info, "Version of the program.")
        text.sample("_info", [("version", version)], UInt64(1))
        text.end()
        let fields = CommonFields.all + [("Content-Type", format.contentType), ("Vary", "Accept, Accept-Encoding")]
        return Response(status: 200, fields: fields, body: text.bytes)
    }

    /// Writes the gauges of tokens. Tokens with per-request inputs are only counted: the input values are the callers' business.
    private static func write(_ statuses: [TokenStatus], to text: inout MetricsText) {
        let named = statuses.filter(\.inputs.isEmpty)
        func gauge(_ name: String, _ help: String, _ value: (TokenStatus) -> Double?) {
            text.family(name, .gauge, help)
            for status in named { if let value = value(status) { text.sample("", [("token", status.name)], value) } }
        }
        gauge("tokenbroker_token_usable", "Whether a valid token is available.") { $0.isUsable ? 1 : 0 }
        gauge("tokenbroker_token_remaining_seconds", "Remaining lifetime of the current token.") { $0.remaining.map(seconds) }
        gauge("tokenbroker_token_next_refresh_seconds", "Time until the next login.") { $0.untilNextRefresh.map(seconds) }
        gauge("tokenbroker_token_latched", "Whether the partner refused the credentials and the login is latched.") {
            $0.state == .latched ? 1 : 0
        }
        gauge("tokenbroker_token_failures", "Failed logins in a row.") { Double($0.failuresInARow) }
        gauge("tokenbroker_token_budget", "Logins left in this hour's budget.") { Double($0.budgetLeft) }
        text.family("tokenbroker_combinations", .gauge, "Tokens kept for combinations of per-request inputs.")
        let combined = Dictionary(grouping: statuses.filter { !$0.inputs.isEmpty }, by: \.name)
        for (name, kept) in combined.sorted(by: { $0.key < $1.key }) { text.sample("", [("token", name)], UInt64(kept.count)) }
    }

    private static func seconds(_ duration: Duration) -> Double { (Double(duration.nanoseconds) / 1e6).rounded() / 1e3 }

    /// The metrics of the process, under the names that Prometheus client libraries use.
    private enum Process {
        static func write(_ started: WallTime, to text: inout MetricsText) {
            text.family("process_start_time_seconds", .gauge, "Start of the process, in seconds since 1970.")
            text.sample("", [], (Double(started.nanoseconds) / 1e6).rounded() / 1e3)
            var usage = rusage()
            _ = unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
            func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
            text.family("process_cpu_seconds", .counter, "User and system CPU time spent.")
            text.sample("_total", [], seconds(usage.ru_utime) + seconds(usage.ru_stime))
            text.family("process_resident_memory_bytes", .gauge, "Resident memory.")
            text.sample("", [], UInt64(resident() * sysconf(Int32(_SC_PAGESIZE))))
        }

        /// Pages in RAM: the second number of /proc/self/statm (proc(5)).
        private static func resident() -> Int {
            guard let file = unsafe fopen("/proc/self/statm", "re") else { return 0 }
            defer { unsafe fclose(file) }
            var line = [CChar](repeating: 0, count: 128)
            guard unsafe fgets(&line, 127, file) != nil else { return 0 }
            let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: " ")
            return words.count > 1 ? Int(words[1]) ?? 0 : 0
        }
    }
}
