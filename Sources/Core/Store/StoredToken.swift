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
}
