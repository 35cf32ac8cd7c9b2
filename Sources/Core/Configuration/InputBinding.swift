import OutboundHTTP
import Providers
package import Secrets
import Time
import Tokens

package enum InputBinding: Sendable, Equatable {
    case text(String)
    /// At least one; others are alternatives, tried in turn where the partner rejects the one before.
    case secret([SecretReference])
    /// The current token of another entry.
    case token(String)

    package var alternatives: Int { if case .secret(let references) = self { references.count } else { 1 } }
}
