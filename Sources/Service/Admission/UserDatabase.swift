package import Configuration
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

    package static func groupName(_ number: UInt32) -> String {
        unsafe getgrgid(number).map { unsafe String(cString: $0.pointee.gr_name) } ?? "\(number)"
    }

    /// This host's users and groups, for a configuration that names them.
    package static let accounts = HostAccounts(
        hasUser: { user($0) != nil }, hasGroup: { group($0) != nil },
        users: {
            setpwent()
            defer { endpwent() }
            var names: [String] = []
            while let user = unsafe getpwent() { names.append(unsafe String(cString: user.pointee.pw_name)) }
            // It stands for whom the kernel cannot identify.
            return names.filter { $0 != "nobody" }
        },
        groups: {
            setgrent()
            defer { endgrent() }
            var names: [String] = []
            while let group = unsafe getgrent() { names.append(unsafe String(cString: group.pointee.gr_name)) }
            return names
        })

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
