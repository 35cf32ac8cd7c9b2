import Configuration
import Secrets
package import Time
package import Tokens

/// What sinks need of the process; injected.
package struct SinkEnvironment: Sendable {
    package var clocks: any Clocks
    package var events: any EventSink
    /// The id of a group by its name.
    package var group: @Sendable (String) -> UInt32?
    /// The daemon's environment, of which programs get PATH, HOME and LANG.
    package var variables: [String: String]

    package init(
        clocks: any Clocks, events: any EventSink, group: @escaping @Sendable (String) -> UInt32?, variables: [String: String]
    ) {
        self.clocks = clocks
        self.events = events
        self.group = group
        self.variables = variables
    }

    /// Calls back at an instant, unless it is cancelled before.
    func timer(at instant: BootInstant, _ ring: @escaping @Sendable () -> Void) -> Task<Void, Never> {
        Task { [clocks] in
            guard (try? await clocks.sleep(until: instant)) != nil else { return }
            ring()
        }
    }

    /// Runs a program without a shell; its output is read and dropped.
    func run(_ command: SinkCommand, _ facts: [String: String], input: [UInt8]) async throws(SinkFault) {
        let passed = variables.filter { ["PATH", "HOME", "LANG"].contains($0.key) }.merging(facts) { $1 }
        do throws(SecretFault) {
            try await ProgramRun.run(command.words, environment: passed, input: input, time: command.timeout)
        } catch {
            throw SinkFault(reason: error.problem)
        }
    }
}
