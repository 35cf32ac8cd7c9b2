import OutboundHTTP
import Providers
import Secrets
import Time
import Tokens

package struct PerRequestInput: Sendable, Equatable {
    package var name: String
    /// The whole value must match.
    package var pattern: String
}
