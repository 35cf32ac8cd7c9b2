import COpenSSL
import Files

/// Checks of a client certificate and its private key, both PEM files.
package enum ClientKey {
    private static let maximumBytes = 256 * 1024

    /// What is wrong with the pair; nil if it can be used. Files that cannot be read are another check's.
    package static func problem(key: String, certificate: String, passphrase: [UInt8]?) -> String? {
        guard let keyBytes = try? SmallFile(key).bytes(atMost: maximumBytes),
            let certificateBytes = try? SmallFile(certificate).bytes(atMost: maximumBytes)
        else { return nil }
        let isEncrypted = keyBytes.firstRange(of: Array("ENCRYPTED".utf8)) != nil
        if isEncrypted, passphrase == nil { return "the client key \(key) is encrypted: set tls.passphrase" }
        let given = passphrase ?? []
        let outcome = unsafe openssl_check_pair(
            keyBytes, Int32(clamping: keyBytes.count), certificateBytes, Int32(clamping: certificateBytes.count), given, Int32(clamping: given.count))
        switch outcome {
        case 0: return nil
        case 1: return isEncrypted ? "tls.passphrase does not open the client key \(key)" : "the client key \(key) is no PEM private key"
        case 2: return "the client certificate \(certificate) is no PEM certificate"
        default: return "the client key \(key) does not belong to the client certificate \(certificate)"
        }
    }
}
