import Files

extension ConnectionSettings {
    /// The files it names, by what they are for.
    package var files: [(name: String, path: String)] {
        [("CA file", authorities), ("client certificate", certificate), ("client key", key)].compactMap { name, path in path.map { (name, $0) } }
    }

    /// What is wrong with them: missing, unreadable, no file, or a key that others can read.
    package var fileProblems: [String] {
        files.compactMap { name, path in Self.problem(with: path, isKey: name == "client key").map { "the \(name) \(path) \($0)" } }
    }

    private static func problem(with path: String, isKey: Bool) -> String? {
        do throws(SystemCallError) {
            let file = try SmallFile(path)
            guard file.isRegular else { return "is not a regular file" }
            // The mode of one of systemd's credentials shows an access list's mask (systemd.exec(5)).
            guard isKey, file.mode & 0o077 != 0, !path.hasPrefix("/run/credentials/") else { return nil }
            return "can be read by group or others (mode 0\(String(file.mode & 0o777, radix: 8))); chmod 600 it"
        } catch {
            return "cannot be read: \(SystemCallError.text(of: error.code))"
        }
    }
}
