import JSON

/// A stored key with its value and revisions.
struct EtcdEntry {
    let key: [UInt8]
    let value: [UInt8]
    let created: Int64
    let modified: Int64
    /// 0: it lasts until it is deleted.
    let lease: Int64

    init?(_ json: JSONValue) {
        guard let key = json["key"]?.text.flatMap(EtcdBytes.decode) else { return nil }
        self.key = key
        value = json["value"]?.text.flatMap(EtcdBytes.decode) ?? []
        created = json.int64("create_revision")
        modified = json.int64("mod_revision")
        lease = json.int64("lease")
    }
}
