import COpenSSL

/// Bytes that cannot be disclosed by accident.
///
/// Printing shows `‹redacted›`, the type is not `Codable`, comparison takes the same time wherever the difference is, and
/// the bytes are wiped when the last reference goes away.
package final class Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let storage: Storage

    package init(_ bytes: [UInt8]) {
        storage = Storage(bytes)
    }

    package convenience init(_ text: String) {
        self.init(Array(text.utf8))
    }

    package var count: Int { storage.count }
    package var isEmpty: Bool { storage.count == 0 }

    /// The bytes, for their intended use: a request, a digest, a response to an authorized caller.
    package var exposedBytes: [UInt8] { storage.copy() }
    package var exposedText: String { String(decoding: storage.copy(), as: UTF8.self) }

    /// Whether both hold the same bytes; takes the same time wherever the difference is.
    package func matches(_ other: Secret) -> Bool {
        ConstantTime.areEqual(storage.copy(), other.storage.copy())
    }

    package var description: String { "‹redacted›" }
    package var debugDescription: String { "‹redacted›" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }

    /// Owns the bytes. `@unchecked Sendable`: written in `init`, wiped in `deinit` and only read in between.
    @safe private final class Storage: @unchecked Sendable {
        private let bytes: UnsafeMutableBufferPointer<UInt8>
        var count: Int { unsafe bytes.count }

        init(_ source: [UInt8]) {
            unsafe bytes = .allocate(capacity: source.count)
            _ = unsafe bytes.initialize(from: source)
        }

        deinit {
            unsafe OPENSSL_cleanse(bytes.baseAddress, bytes.count)
            unsafe bytes.deallocate()
        }

        func copy() -> [UInt8] { unsafe Array(bytes) }
    }
}

extension Secret: Equatable {
    package static func == (left: Secret, right: Secret) -> Bool { left.matches(right) }
}
