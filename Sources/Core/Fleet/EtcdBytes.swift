import JSON
import Secrets

/// Encodes keys and values for etcd's JSON gateway: base64 in strings.
enum EtcdBytes {
    static func encode(_ bytes: [UInt8]) -> JSONValue { .string(Base64.encode(bytes, .standard)) }
    static func decode(_ text: String) -> [UInt8]? { Base64.decode(text.utf8, .standard) }
}
