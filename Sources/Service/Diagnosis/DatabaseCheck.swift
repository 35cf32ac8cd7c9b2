package import Configuration
import Files
import Glibc
package import Secrets
import Store

/// The store as it is: whether its database is whole, its key opens it, and its disk has room.
package enum DatabaseCheck {
    /// - Parameter environment: for $STATE_DIRECTORY.
    package static func findings(
        _ configuration: StoreConfiguration, environment: [String: String], secrets: some SecretSource
    ) async -> [Finding] {
        let faults = await StoreCheck.faults(configuration, secrets: secrets)
        guard faults.isEmpty else {
            return faults.map { Finding(.fault, "store", $0, mend: "mend what the line names; serving goes on from memory meanwhile") }
        }
        if case .etcd(let etcd, _) = configuration {
            return [Finding(.ok, "store", "etcd at \(etcd.endpoints.joined(separator: ", ")), its key and files can be read")]
        }
        guard let place = OpenedStore.place(configuration, environment) else {
            return [Finding(.ok, "store", "tokens are kept only in memory: a restart logs in again")]
        }
        return [await database(place.path, place.key, secrets)] + [MachineCheck.room(at: place.path)].compactMap { $0 }
    }

    private static func database(_ path: String, _ reference: SecretReference, _ secrets: some SecretSource) async -> Finding {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            return errno == ENOENT
                ? Finding(.ok, "store", "\(path): will be created at the first start")
                : Finding(.fault, "store", "\(path): \(SystemCallError.text(of: errno))", mend: "run doctor as root")
        }
        do throws(StoreFault) {
            let content = try await StoreInspection.content(of: path, key: try await OpenedStore.key(reference, secrets: secrets))
            return Finding(.ok, "store", "\(path): whole, its key opens it; \(content.tokens) tokens, \(content.logins) past logins")
        } catch {
            return Finding(
                .fault, "store", "\(error)", mend: "restore the key or the database from a backup, or move both away: every token then logs in again")
        }
    }
}
