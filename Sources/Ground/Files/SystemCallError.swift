import CLinux
import Glibc

/// A failed system call: its name, its subject and the `errno` value.
public struct SystemCallError: Error, CustomStringConvertible, Equatable {
    public let call: String
    public let subject: String
    public let code: Int32

    public init(_ call: String, _ subject: String, code: Int32? = nil) {
        self.call = call
        self.subject = subject
        self.code = code ?? errno
    }

    public var description: String { "\(call) \(subject): \(Self.text(of: code))" }

    /// The system's description of an `errno` value (strerrordesc_np(3)).
    public static func text(of code: Int32) -> String { unsafe String(cString: linux_error_text(code)) }
}
