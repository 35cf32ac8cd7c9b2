package import Login
import Time

extension ValueEnvironment {
    /// The fake wall clock's moment, and bytes that are all zero.
    package static var fixed: ValueEnvironment {
        ValueEnvironment(wall: { WallTime(seconds: 1_800_000_000) }, random: { Array(repeating: 0, count: $0) })
    }
}
