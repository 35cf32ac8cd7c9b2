import Glibc

/// The variables of the service manager, which are meant for this process only.
package enum ServiceEnvironment {
    private static let names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]

    /// Unsets them, so that no `{command}` takes itself for the service (sd_notify(3), sd_listen_fds(3)).
    package static func unset() {
        for name in names { unsafe unsetenv(name) }
    }
}
