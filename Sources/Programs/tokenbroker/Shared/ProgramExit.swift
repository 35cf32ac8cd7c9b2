import ArgumentParser
import Glibc

/// The exit codes of sysexits(3), by cause.
enum ProgramExit {
    static let usage = ExitCode(EX_USAGE)
    static let dataFault = ExitCode(EX_DATAERR)
    static let noInput = ExitCode(EX_NOINPUT)
    static let unavailable = ExitCode(EX_UNAVAILABLE)
    static let cannotCreate = ExitCode(EX_CANTCREAT)
    static let temporaryFailure = ExitCode(EX_TEMPFAIL)
    static let noPermission = ExitCode(EX_NOPERM)
    static let configuration = ExitCode(EX_CONFIG)

    /// What each means, as the manual page lists them.
    static let meanings: [(code: ExitCode, meaning: String)] = [
        (usage, "a wrong command or parameter"),
        (dataFault, "an answer that cannot be understood"),
        (noInput, "a file that cannot be read"),
        (unavailable, "the daemon or the partner cannot be reached, or there is no token"),
        (cannotCreate, "a socket or a file that cannot be made"),
        (temporaryFailure, "no token now, try again"),
        (noPermission, "not allowed"),
        (configuration, "a faulty configuration, of a refused reload too"),
    ]
}

/// Writes text that is not a result to standard error; where that is the journal, each line has its level (sd-daemon(3)).
func explain(_ text: String) {
    let isJournal = unsafe getenv("JOURNAL_STREAM") != nil
    let lines =
        isJournal
        ? text.split(separator: "\n").map { "<\($0.contains(": warning: ") || $0.hasPrefix("warning: ") ? 4 : 3)>\($0)" }.joined(separator: "\n")
        : text
    let bytes = Array("\(lines)\n".utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
}
