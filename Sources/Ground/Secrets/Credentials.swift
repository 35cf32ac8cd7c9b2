import CLinux
import Glibc
import Time

/// The service's credentials: where systemd puts them, and the folders of the shipped unit from which it copies them at start.
///
/// LoadCredential= of a folder passes each file in it under the folder's ID, "_" and the file's name (systemd.exec(5)).
package struct Credentials: Sendable {
    /// The unit's folders, each with the ID the unit gives it.
    private static let encrypted = (name: "encrypted", folder: "/etc/tokenbroker/credentials.encrypted")
    private static let plain = (name: "plain", folder: "/etc/tokenbroker/credentials")
    private static let sources = [encrypted, plain]

    private let folder: String?

    /// - Parameter environment: for $CREDENTIALS_DIRECTORY.
    package init(environment: [String: String]) {
        folder = environment["CREDENTIALS_DIRECTORY"]
    }

    /// Returns the file a credential is read from, and whether to accept a mode that lets others read it.
    ///
    /// systemd controls access to its own folder, where the mode shows an ACL's mask, so a file there counts as shared.
    /// Outside the service, where `check` runs, the operator's own file is read.
    ///
    /// - Throws: `SecretFault` that names the place the credential belongs in.
    func file(of name: String, place: String) throws(SecretFault) -> (path: String, isShared: Bool) {
        guard let folder else {
            let path = "\(Self.plain.folder)/\(name)"
            if Self.exists(path) { return (path, false) }
            let encrypted = "\(Self.encrypted.folder)/\(name)"
            guard unsafe access(encrypted, F_OK) != 0 else {
                throw SecretFault(place: place, problem: "is encrypted in \(encrypted); only the service can read it")
            }
            throw SecretFault(
                place: place, problem: "does not exist; outside the service ($CREDENTIALS_DIRECTORY is not set) it is read from \(path)")
        }
        for candidate in [name] + Self.sources.map({ "\($0.name)_\(name)" }) where Self.exists("\(folder)/\(candidate)") {
            return ("\(folder)/\(candidate)", true)
        }
        throw SecretFault(
            place: place,
            problem: "was not passed to the service; put its file into \(Self.plain.folder) (or name it in LoadCredential=) and restart the service")
    }

    /// The credentials in `names` whose file in the unit's folders is newer than the copy the service received.
    ///
    /// systemd 252 copies a changed credential only at a restart.
    package func outdated(among names: Set<String>) -> [String] {
        guard folder != nil else { return [] }
        return names.sorted().filter { name in
            guard let copy = try? file(of: name, place: name).path, let copied = Self.times(copy)?.written else { return false }
            return Self.sources.contains { Self.times("\($0.folder)/\(name)").map { $0.changed > copied } ?? false }
        }
    }

    /// Whether a credential exists only in encrypted form, which nothing outside the service can read.
    package func isSealed(_ name: String) -> Bool {
        folder == nil && !Self.exists("\(Self.plain.folder)/\(name)") && Self.exists("\(Self.encrypted.folder)/\(name)")
    }

    private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// When a file's content was last modified, and when its inode last changed: a rename keeps the modification time.
    private static func times(_ path: String) -> (written: WallTime, changed: WallTime)? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        func wall(_ time: timespec) -> WallTime { WallTime(seconds: Int64(time.tv_sec)) + .nanoseconds(time.tv_nsec) }
        return (wall(status.st_mtim), wall(status.st_ctim))
    }
}
