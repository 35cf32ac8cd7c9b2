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

    /// How long ago the record was made, by the longer of the two clocks of the process that made it: the machine may have slept. Zero for one
    /// that cannot be read.
    package func age(by clocks: some Clocks) -> Duration {
        TokenRecord(record, policy: RefreshPolicy()).map { max(.zero, clocks.boot - $0.boot, clocks.wall - $0.wall) } ?? .zero
    }
}
