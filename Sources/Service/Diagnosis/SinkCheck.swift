package import Configuration
import Files
import Glibc

/// What keeps tokens from their sinks, as this user sees it.
package enum SinkCheck {
    package static func problems(of token: TokenConfiguration) -> [String] {
        let commands = token.sinks.compactMap { if case .command(let command) = $0 { command } else { nil } } + [token.onFailure].compactMap { $0 }
        let files = token.sinks.compactMap { if case .file(let file) = $0 { file } else { nil } }
        return files.compactMap { problem(withFile: $0.path) } + commands.compactMap { problem(withProgram: $0.words.first ?? "") }
    }

    private static func problem(withFile path: String) -> String? {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        var status = stat()
        guard unsafe stat(folder.isEmpty ? "/" : folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return "\(path): there is no folder \(folder); make it, or give another path"
        }
        if unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return "\(path): is a folder; give the path of a file" }
        guard unsafe faccessat(AT_FDCWD, folder.isEmpty ? "/" : folder, W_OK | X_OK, AT_EACCESS) == 0 else {
            return
                "\(path): user \(UserName.of(geteuid())) may not write in \(folder); under the shipped unit it needs a drop-in with ReadWritePaths=\(folder)"
        }
        return nil
    }

    private static func problem(withProgram path: String) -> String? {
        guard unsafe faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 else { return "\(path): cannot be run: \(SystemCallError.text(of: errno))" }
        return nil
    }
}
