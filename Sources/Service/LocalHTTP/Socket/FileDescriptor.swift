import Glibc

/// An open file descriptor with one owner, closed exactly once, when its owner is destroyed.
public struct FileDescriptor: ~Copyable {
    public let number: Int32

    /// Takes ownership of an open descriptor.
    public init(owning number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }
}
