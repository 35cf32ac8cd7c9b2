import Secrets
package import Time

/// What derived values take from outside a login; injected, so that a rehearsal is repeatable.
package struct ValueEnvironment: Sendable {
    package var wall: @Sendable () -> WallTime
    /// Bytes that nobody can predict.
    package var random: @Sendable (_ count: Int) -> [UInt8]
    /// Notes the use of a one-time password; false if it was used before. `secret` is a digest of the seed.
    package var spend: @Sendable (_ secret: [UInt8], _ counter: Int64) -> Bool

    package init(
        wall: @escaping @Sendable () -> WallTime, random: @escaping @Sendable (_ count: Int) -> [UInt8] = Digest.random,
        spend: @escaping @Sendable (_ secret: [UInt8], _ counter: Int64) -> Bool = { _, _ in true }
    ) {
        self.wall = wall
        self.random = random
        self.spend = spend
    }
}
