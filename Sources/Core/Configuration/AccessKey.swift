package import Time

/// A key of a client, by its digest: several are one client's while a key is replaced.
package struct AccessKey: Sendable, Hashable {
    /// SHA-256 of the key's bytes.
    package let digest: [UInt8]
    /// The key counts before this moment; nil: it has no end.
    package let notAfter: WallTime?

    package init(digest: [UInt8], notAfter: WallTime? = nil) {
        self.digest = digest
        self.notAfter = notAfter
    }
}
