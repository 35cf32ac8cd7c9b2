import Configuration
import Providers
import Secrets
import Tokens

/// An entry's inputs as they were read, without token inputs and what callers give: one variant for each alternative there is.
package struct OwnInputs: Sendable {
    package struct Variant: Sendable {
        let values: ValueScope
        /// Of everything in them, secrets included: another one means another login.
        package let digest: [UInt8]
    }

    /// In the order written; at least one.
    let variants: [Variant]

    package var digests: [[UInt8]] { variants.map(\.digest) }

    /// The variant that worked last first, then the others as written: at most one rejection for each secret that changed.
    func variants(first digest: [UInt8]?) -> [Variant] {
        variants.filter { $0.digest == digest } + variants.filter { $0.digest != digest }
    }
}
