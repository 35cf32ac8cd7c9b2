/// What of one token outlives the process.
package struct StoredToken: Sendable {
    package let name: RecordName
    /// A digest of what the login is: definition, inputs, how its answer is read. Another one makes the record void.
    package let login: [UInt8]
    /// `TokenRecord` as JSON; sealed on disk.
    package let record: [UInt8]

    package init(name: RecordName, login: [UInt8], record: [UInt8]) {
        self.name = name
        self.login = login
        self.record = record
    }
}
