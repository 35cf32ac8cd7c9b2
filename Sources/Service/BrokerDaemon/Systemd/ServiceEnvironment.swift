import Glibc

/// What the service manager hands over in the environment is for this process alone.
package enum ServiceEnvironment {
    private static let names = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]

    /// Unsets it, so that no `{command}` takes itself for the service (sd_notify(3), sd_listen_fds(3)).
    package static func forget() {
        for name in names { unsafe unsetenv(name) }
    }
}
