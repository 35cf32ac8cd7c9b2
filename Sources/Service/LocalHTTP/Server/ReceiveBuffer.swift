import Glibc

/// The memory that one `recv` fills, shared by all connections of a loop.
///
/// `@safe`: the memory is allocated once, freed with its owner, and exposed only as a span that ends with the call.
@safe final class ReceiveBuffer {
    private let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64 * 1024)

    deinit {
        unsafe memory.deallocate()
    }

    /// Receives at most `limit` bytes into the buffer, and never more than it holds (recv(2)).
    func fill(from descriptor: Int32, atMost limit: Int = .max) -> Int {
        unsafe recv(descriptor, memory.baseAddress, min(limit, memory.count), 0)
    }

    func with<Result>(first count: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        let filled = unsafe UnsafeBufferPointer(rebasing: memory[..<count])
        return body(unsafe filled.span)
    }

    func copy(_ range: Range<Int>) -> [UInt8] { unsafe Array(memory[range]) }
}
