import Secrets
import Time

package struct LoginBounds: Sendable, Equatable {
    /// Logins in flight, in all and to one host.
    package var parallel = 64
    package var perHost = 8

    package init() {}
}
