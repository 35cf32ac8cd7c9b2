/// Identifies the boot and the fingerprints that this host's records refer to.
package struct HostIdentity: Sendable {
    /// The kernel's ID for the current boot (proc(5), random/boot_id); instants of another boot are not comparable.
    package let bootID: String
    /// Keyed so that a token's fingerprint is the same after a restart, and on every host of a fleet.
    package let fingerprints: Fingerprints

    package init(bootID: String = "", fingerprints: Fingerprints = Fingerprints()) {
        self.bootID = bootID
        self.fingerprints = fingerprints
    }
}
