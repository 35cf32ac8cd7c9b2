import ArgumentParser
import Glibc

/// Exit codes of sysexits(3), by what went wrong.
enum ProgramExit {
    static let usage = ExitCode(EX_USAGE)
    static let unavailable = ExitCode(EX_UNAVAILABLE)
    static let temporaryFailure = ExitCode(EX_TEMPFAIL)
    static let noPermission = ExitCode(EX_NOPERM)
    static let configuration = ExitCode(EX_CONFIG)
    static let cannotCreate = ExitCode(EX_CANTCREAT)
    static let noInput = ExitCode(EX_NOINPUT)
}

/// Standard error, for everything that is explanation and not result.
func explain(_ text: String) {
    let bytes = Array("\(text)\n".utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
}
