package import Time
import Tokens

/// The part of a token that outlives the process.
package struct StoredToken: Sendable {
    package let name: RecordName
    /// A digest of the login: definition, inputs and how the answer is read. A record with another digest is void.
    package let login: [UInt8]
    /// A `TokenRecord` as JSON; sealed on disk.
    package let record: [UInt8]

    package init(name: RecordName, login: [UInt8], record: [UInt8]) {
        self.name = name
        self.login = login
        self.record = record
    }

    /// How long ago the record was made, on the boot-time clock of the process that made it; zero for one that cannot be read.
    package func age(at now: BootInstant) -> Duration {
        TokenRecord(record, policy: RefreshPolicy()).map { max(.zero, now - $0.boot) } ?? .zero
    }
}
