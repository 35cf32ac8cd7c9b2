package import Store

/// Identifies a login that hosts share: the token's name and the login's digest. Hosts with a different login have a separate record.
package struct FleetName: Sendable, Hashable {
    package let record: RecordName
    package let login: [UInt8]

    package init(_ record: RecordName, login: [UInt8]) {
        self.record = record
        self.login = login
    }
}
