/// Limits on parallel logins.
package struct LoginBounds: Sendable, Equatable {
    /// Maximum logins in flight, in total and per host.
    package var parallel = 64
    package var perHost = 8

    package init() {}
}
