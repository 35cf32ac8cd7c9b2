import Configuration
import HTTPTypes
import JSON
import OutboundHTTP
import Secrets
import Store
import Synchronization
import Time

/// A stored key with its value and revisions.
struct EtcdEntry {
    let key: [UInt8]
    let value: [UInt8]
    let created: Int64
    let modified: Int64

    init?(_ json: JSONValue) {
        guard let key = json["key"]?.text.flatMap(EtcdBytes.decode) else { return nil }
        self.key = key
        value = json["value"]?.text.flatMap(EtcdBytes.decode) ?? []
        created = json.int64("create_revision")
        modified = json.int64("mod_revision")
    }
}

/// Encodes keys and values for etcd's JSON gateway: base64 in strings.
enum EtcdBytes {
    static func encode(_ bytes: [UInt8]) -> JSONValue { .string(Base64.encode(bytes, .standard)) }
    static func decode(_ text: String) -> [UInt8]? { Base64.decode(text.utf8, .standard) }
}
