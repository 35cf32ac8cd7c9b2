/// By what this host's records are known.
package struct HostIdentity: Sendable {
    /// The kernel's name for the time since it was started (proc(5), random/boot_id): instants of another boot mean nothing.
    package let bootID: String
    /// So that a fingerprint means the same after a restart, and on every host of a fleet.
    package let fingerprints: Fingerprints

    package init(bootID: String = "", fingerprints: Fingerprints = Fingerprints()) {
        self.bootID = bootID
        self.fingerprints = fingerprints
    }
}
