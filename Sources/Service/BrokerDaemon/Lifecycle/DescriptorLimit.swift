import Glibc

/// The limit on the descriptors of the process (getrlimit(2), RLIMIT_NOFILE).
enum DescriptorLimit {
    private static let resource = __rlimit_resource_t(7)
    /// Descriptors reserved for everything but connections: logins, files, the process's own.
    private static let reserve = 160

    /// Raises the soft limit to the hard one.
    static func raise() {
        var limit = current
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(resource, &limit)
    }

    /// Connections that may be open while the reserve stays free; at least 8.
    static var connections: Int {
        max(8, Int(clamping: current.rlim_cur) - reserve)
    }

    /// Connections to the credentials socket that may be held: an eighth of them, from 16 to 1024.
    static var credentials: Int { min(1024, max(16, connections / 8)) }

    private static var current: rlimit {
        var limit = rlimit()
        _ = unsafe getrlimit(resource, &limit)
        return limit
    }
}
