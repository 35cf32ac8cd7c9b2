/// A request that ends the session of a token that is dropped on purpose.
package struct LogoutRule: Sendable, Hashable {
    package var request: RequestTemplate
    /// Whether it is made at a planned stop of the daemon, too.
    package var isMadeAtStop = false
    /// How long after another token took its place it is made for the old one; nil: never.
    package var afterReplacement: Duration?
}
