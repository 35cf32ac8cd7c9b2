import Glibc

/// A failed system call: which one, on what, and the reason `errno` gave.
package struct SystemCallError: Error, CustomStringConvertible, Equatable {
    package let call: String
    package let subject: String
    package let code: Int32

    package init(_ call: String, _ subject: String, code: Int32? = nil) {
        self.call = call
        self.subject = subject
        self.code = code ?? errno
    }

    package var description: String {
        "\(call) \(subject): \(Self.text(of: code))"
    }

    /// The system's words for an `errno` value, as `strerror_r(3)` gives them.
    package static func text(of code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        _ = unsafe strerror_r(code, &buffer, buffer.count)
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
