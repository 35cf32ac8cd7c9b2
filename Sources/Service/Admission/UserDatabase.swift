import Glibc

/// Resolves user and group names to IDs by the system's databases (getpwnam(3), getgrnam(3)).
package enum UserDatabase {
    package static func user(_ name: String) -> UInt32? {
        if let number = UInt32(name) { return number }
        return unsafe getpwnam(name).map { unsafe $0.pointee.pw_uid }
    }

    package static func group(_ name: String) -> UInt32? {
        if let number = UInt32(name) { return number }
        return unsafe getgrnam(name).map { unsafe $0.pointee.gr_gid }
    }

    /// The users whose primary group it is, and the users it lists.
    package static func members(_ name: String) -> Set<UInt32> {
        guard let entry = unsafe getgrnam(name) else { return [] }
        let number = unsafe entry.pointee.gr_gid
        var names: [String] = []
        var index = 0
        while let member = unsafe entry.pointee.gr_mem[index] {
            names.append(unsafe String(cString: member))
            index += 1
        }
        var users = Set(names.compactMap(user))
        setpwent()
        while let user = unsafe getpwent() {
            if unsafe user.pointee.pw_gid == number { users.insert(unsafe user.pointee.pw_uid) }
        }
        endpwent()
        return users
    }
}
