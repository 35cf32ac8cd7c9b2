package import Store

/// Which login hosts share: a token, and what the login is. Hosts with another definition of it keep a record of their own.
package struct FleetName: Sendable, Hashable {
    package let record: RecordName
    package let login: [UInt8]

    package init(_ record: RecordName, login: [UInt8]) {
        self.record = record
        self.login = login
    }
}
