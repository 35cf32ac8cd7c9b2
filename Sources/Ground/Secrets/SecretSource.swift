import Glibc

/// Reads secrets from where they stand. A role, so that tests can hand them in.
package protocol SecretSource: Sendable {
    /// - Throws: `SecretFault` naming the place; nothing secret is in it.
    func read(_ reference: SecretReference) async throws(SecretFault) -> Secret
}

/// The system's words for an `errno` value.
package func systemMessage(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    _ = unsafe strerror_r(code, &buffer, buffer.count)
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
