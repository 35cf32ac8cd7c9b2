/// An entry's inputs as read, without token inputs and callers' values: one variant for each alternative.
package struct OwnInputs: Sendable {
    package struct Variant: Sendable {
        let values: ValueScope
        /// A digest of all values, secrets included: a different digest means a different login.
        package let digest: [UInt8]
    }

    /// In the configured order; at least one.
    let variants: [Variant]
    /// The passphrase of the client key; no part of the digests, since it is nothing the partner knows.
    var passphrase: [UInt8]?

    /// What is wrong with the secrets that cannot be read; nil where all can.
    package var problem: String?

    package var digests: [[UInt8]] { variants.map(\.digest) }

    /// The variant that worked last comes first, then the others in the configured order: at most one rejection for each changed secret.
    func variants(first digest: [UInt8]?) -> [Variant] {
        variants.filter { $0.digest == digest } + variants.filter { $0.digest != digest }
    }
}
