package import Time

/// The finished logins of one hour.
package struct LoginCount: Sendable, Equatable {
    /// The beginning of the hour.
    package var at: WallTime
    package var succeeded: Int
    package var failed: Int
}
