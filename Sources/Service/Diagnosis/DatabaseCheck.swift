package import Configuration
import Files
import Glibc
import HTTPTypes
package import OutboundHTTP
package import Secrets
import Store

/// The store as it is: whether its database is whole, its key opens it, and its disk has room.
package enum DatabaseCheck {
    /// - Parameter environment: for $STATE_DIRECTORY.
    package static func findings(
        _ configuration: StoreConfiguration, environment: [String: String], secrets: some SecretSource, transport: any HTTPTransport
    ) async -> [Finding] {
        let faults = await StoreCheck.faults(configuration, secrets: secrets)
        guard faults.isEmpty else {
            return faults.map { Finding(.fault, "store", $0, mend: "mend what the line names; serving goes on from memory meanwhile") }
        }
        if case .etcd(let etcd, _) = configuration {
            return await members(etcd, transport)
        }
        guard let place = OpenedStore.place(configuration, environment) else {
            return [Finding(.ok, "store", "tokens are kept only in memory: a restart logs in again")]
        }
        return [await database(place.path, place.key, secrets)] + [MachineCheck.room(at: place.path)].compactMap { $0 }
    }

    /// Asks each member of etcd whether it is well (`/health`), without a password.
    private static func members(_ etcd: EtcdConfiguration, _ transport: any HTTPTransport) async -> [Finding] {
        var connection = ConnectionSettings()
        (connection.authorities, connection.certificate, connection.key) = (etcd.authorities, etcd.certificate, etcd.key)
        connection.time = .seconds(5)
        var findings: [Finding] = []
        for endpoint in etcd.endpoints {
            do throws(TransportFault) {
                let reply = try await transport.send(OutboundRequest(method: .get, url: endpoint + "/health", connection: connection))
                findings.append(
                    reply.status == 200
                        ? Finding(.ok, "store", "etcd at \(endpoint): well")
                        : Finding(
                            .warning, "store", "etcd at \(endpoint): says it is not well (status \(reply.status))", mend: "etcdctl endpoint health"))
            } catch {
                findings.append(
                    Finding(
                        .fault, "store", "etcd at \(endpoint): \(error.reason)",
                        mend: "is it running, and do its certificates fit? This host goes on by itself meanwhile"))
            }
        }
        return findings
    }

    private static func database(_ path: String, _ reference: SecretReference, _ secrets: some SecretSource) async -> Finding {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            return unsafe errno == ENOENT && lstat(path, &status) != 0
                ? Finding(.ok, "store", "\(path): will be created at the first start")
                : Finding(.fault, "store", "\(path): \(SystemCallError.text(of: errno))", mend: "run doctor as root")
        }
        do throws(StoreFault) {
            guard status.st_size > 0 else { return Finding(.ok, "store", "\(path): empty; it is filled at the first start") }
            let content = try await StoreInspection.content(of: path, key: try await OpenedStore.key(reference, secrets: secrets))
            if content.unread > 0 {
                return Finding(
                    .warning, "store", "\(path): its key does not open \(content.unread) of \(content.tokens + content.unread) records",
                    mend: "those tokens log in again; a refresh token among them is lost unless a backup has it")
            }
            return Finding(.ok, "store", "\(path): whole, its key opens it; tokens: \(content.tokens), past logins: \(content.logins)")
        } catch {
            let text = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
            return Finding(.fault, "store", text, mend: mend(text))
        }
    }

    private static func mend(_ text: String) -> String {
        if text.contains("locked") { return "another program holds it; look again in a moment" }
        if text.contains("another program's database") { return "give the store another path" }
        if text.contains("newer version") { return "use that version, or move the file away: every token then logs in again" }
        return "restore the key or the database from a backup, or move both away: every token then logs in again"
    }
}
