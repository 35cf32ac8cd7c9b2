import Glibc
import Time

/// Credentials of the service: where systemd puts them, and the folders of the shipped unit they are taken over from at start
/// (systemd.exec(5), LoadCredential= of a folder: each file, its name behind the folder's own).
package struct Credentials: Sendable {
    /// The unit's folders with the name it gives each.
    private static let encrypted = (name: "encrypted", folder: "/etc/tokenbroker/credentials.encrypted")
    private static let plain = (name: "plain", folder: "/etc/tokenbroker/credentials")
    private static let sources = [encrypted, plain]

    private let folder: String?

    /// - Parameter environment: for $CREDENTIALS_DIRECTORY.
    package init(environment: [String: String]) {
        folder = environment["CREDENTIALS_DIRECTORY"]
    }

    /// The file a credential is read from, and whether its mode counts: what may read systemd's own folder is systemd's
    /// business, and the mode there shows an ACL's mask. Outside the service, as `check` is run, an operator's file itself.
    ///
    /// - Throws: `SecretFault` saying where it would be put.
    func file(of name: String, place: String) throws(SecretFault) -> (path: String, isShared: Bool) {
        guard let folder else {
            let path = "\(Self.plain.folder)/\(name)"
            if Self.exists(path) { return (path, false) }
            let encrypted = "\(Self.encrypted.folder)/\(name)"
            guard unsafe access(encrypted, F_OK) != 0 else {
                throw SecretFault(place: place, problem: "is encrypted in \(encrypted): the service alone reads it")
            }
            throw SecretFault(place: place, problem: "is not there: outside the service ($CREDENTIALS_DIRECTORY is not set) it is read from \(path)")
        }
        for candidate in [name] + Self.sources.map({ "\($0.name)_\(name)" }) where Self.exists("\(folder)/\(candidate)") {
            return ("\(folder)/\(candidate)", true)
        }
        throw SecretFault(
            place: place,
            problem: "was not handed over; put its file into \(Self.plain.folder) (or name it in LoadCredential=) and restart the service")
    }

    /// Those of these credentials whose file in the unit's folders is newer than what was handed over: systemd 252 takes a
    /// changed one over at a restart alone.
    package func outdated(among names: Set<String>) -> [String] {
        guard folder != nil else { return [] }
        return names.sorted().filter { name in
            guard let taken = try? file(of: name, place: name).path, let copied = Self.times(taken)?.written else { return false }
            return Self.sources.contains { Self.times("\($0.folder)/\(name)").map { $0.changed > copied } ?? false }
        }
    }

    /// Whether a credential is there for the service, but sealed, so that nobody else reads it.
    package func isSealed(_ name: String) -> Bool {
        folder == nil && !Self.exists("\(Self.plain.folder)/\(name)") && Self.exists("\(Self.encrypted.folder)/\(name)")
    }

    private static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// When a file was written, and when it was last changed in any way: moved into place, it is as old as ever by the first.
    private static func times(_ path: String) -> (written: WallTime, changed: WallTime)? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        func wall(_ time: timespec) -> WallTime { WallTime(seconds: Int64(time.tv_sec)) + .nanoseconds(time.tv_nsec) }
        return (wall(status.st_mtim), wall(status.st_ctim))
    }
}
