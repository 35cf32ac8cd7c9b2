import Glibc

/// The rule for a private key's file.
package enum KeyFile {
    /// What is wrong with who may read it; nil for a file that only its owner can read, and for one of systemd's credentials, whose mode
    /// shows an access list's mask (systemd.exec(5)).
    package static func problem(with path: String) -> String? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & 0o077 != 0, !path.hasPrefix("/run/credentials/") else { return nil }
        return "can be read by group or others (mode 0\(String(status.st_mode & 0o777, radix: 8))); chmod 600 it"
    }
}
