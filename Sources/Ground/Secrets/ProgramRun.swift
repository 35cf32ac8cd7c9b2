import Time

/// Runs a program that is told something, and whose output nobody reads: no shell, a clean environment, standard descriptors only.
package enum ProgramRun {
    /// Output that is read and dropped; a program that prints more is ended.
    private static let longestOutput = 1024 * 1024

    /// - Parameters:
    ///   - environment: the program's, whole.
    ///   - input: its standard input, at most 64 KiB and a newline.
    /// - Throws: `SecretFault`, which says how it failed: it cannot be run, it ended with another status than 0, it took too long.
    package static func run(_ words: [String], environment: [String: String], input: [UInt8], time: Duration) async throws(SecretFault) {
        _ = try await SecretCommand.run(
            words, environment: environment, input: input, bounds: SecretCommand.Bounds(size: longestOutput, time: time))
    }

    /// What a program prints on its standard output, at most 1 MiB.
    ///
    /// - Throws: as `run`.
    package static func output(of words: [String], environment: [String: String], time: Duration) async throws(SecretFault) -> [UInt8] {
        try await SecretCommand.run(words, environment: environment, bounds: SecretCommand.Bounds(size: longestOutput, time: time))
    }
}
