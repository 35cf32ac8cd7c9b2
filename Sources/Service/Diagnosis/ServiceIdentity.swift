import Files
package import Glibc

/// The user that the service runs as, whose rights `check` takes on where root calls it.
package struct ServiceIdentity {
    package let name: String
    package let user: uid_t
    private let group: gid_t

    /// The user of the shipped unit.
    package static let unitUser = "tokenbroker"

    /// Nil where there is no such user.
    package init?(named name: String) {
        guard let entry = unsafe getpwnam(name) else { return nil }
        self.name = name
        (user, group) = unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    package static var isRoot: Bool { geteuid() == 0 }

    /// Runs a body with the rights of this user, and returns to root's (seteuid(2)).
    package func perform<Result>(_ body: () throws -> Result) throws -> Result {
        guard unsafe initgroups(name, group) == 0, setegid(group) == 0, seteuid(user) == 0 else {
            throw SystemCallError("seteuid", "user \(name)")
        }
        defer {
            _ = seteuid(0)
            _ = setegid(0)
            _ = setgroups(0, nil)
        }
        return try body()
    }

    /// Gives root's rights up for good: commands that are run afterwards cannot get them back (setuid(2)).
    package func become() throws {
        guard unsafe initgroups(name, group) == 0, setgid(group) == 0, setuid(user) == 0 else {
            throw SystemCallError("setuid", "user \(name)")
        }
    }
}
