import Glibc

/// An open file descriptor with one owner: closed exactly once, when its owner goes.
package struct FileDescriptor: ~Copyable {
    package let number: Int32

    /// Takes ownership of an open descriptor.
    package init(owning number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }
}
