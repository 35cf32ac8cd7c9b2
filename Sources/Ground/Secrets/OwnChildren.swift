import CLinux
import Glibc
import Synchronization

/// The children that commands wait for themselves. As the first process of a container the daemon also inherits what they leave behind.
package enum OwnChildren {
    private static let running = Mutex<Set<pid_t>>([])

    /// Starts a child that `ended` is called for. Nobody else reaps it, however soon it exits.
    static func start(_ spawn: () throws(SecretFault) -> pid_t) throws(SecretFault) -> pid_t {
        try running.withLock { running throws(SecretFault) in
            let child = try spawn()
            running.insert(child)
            return child
        }
    }

    static func ended(_ child: pid_t) { _ = running.withLock { $0.remove(child) } }

    /// Reaps every dead child that nobody waits for (waitid(2)); without that they would stay as zombies.
    ///
    /// A dead child that a command waits for hides those behind it for the moment until it is reaped.
    package static func reapOthers() {
        while true {
            var information = unsafe siginfo_t()
            guard unsafe waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0 else { return }
            let child = unsafe linux_child(&information)
            guard child > 0 else { return }
            let isOther = running.withLock { running in
                if running.contains(child) { return false }
                waitpid(child, nil, WNOHANG)
                return true
            }
            guard isOther else { return }
        }
    }
}
