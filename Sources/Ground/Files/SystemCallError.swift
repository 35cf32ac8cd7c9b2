import CLinux
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

    package var description: String { "\(call) \(subject): \(Self.text(of: code))" }

    /// The system's words for an `errno` value (strerrordesc_np(3)).
    package static func text(of code: Int32) -> String { unsafe String(cString: linux_error_text(code)) }
}
