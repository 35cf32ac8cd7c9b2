package import Configuration
import Files
import Glibc
import OutboundHTTP
package import Secrets
import Store

/// What is wrong with the configured store: its key, its files and its folder, as this user sees them.
package enum StoreCheck {
    package static func faults(_ configuration: StoreConfiguration, secrets: some SecretSource) async -> [String] {
        switch configuration {
        case .automatic, .memory: []
        case .sqlite(let path, let key): sqlite(path) + (await self.key(key, secrets))
        case .etcd(let etcd, let key): (await self.key(key, secrets)) + (await self.etcd(etcd, secrets))
        }
    }

    private static func key(_ reference: SecretReference?, _ secrets: some SecretSource) async -> [String] {
        guard let reference else { return [] }
        do throws(StoreFault) {
            _ = try await OpenedStore.key(reference, secrets: secrets)
            return []
        } catch {
            return ["\(error)"]
        }
    }

    private static func etcd(_ etcd: EtcdConfiguration, _ secrets: some SecretSource) async -> [String] {
        var connection = ConnectionSettings()
        (connection.authorities, connection.certificate, connection.key) = (etcd.authorities, etcd.certificate, etcd.key)
        var faults = connection.fileProblems
        if let password = etcd.password {
            do throws(SecretFault) {
                _ = try await secrets.read(password)
            } catch {
                faults.append("password: \(error)")
            }
        }
        return faults
    }

    private static func sqlite(_ path: String) -> [String] {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        var status = stat()
        guard unsafe stat(folder.isEmpty ? "/" : folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return ["\(path): there is no folder \(folder)"]
        }
        let user = UserName.of(geteuid())
        guard unsafe faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0 else {
            return ["\(path): user \(user) may not write in \(folder): \(SystemCallError.text(of: errno))"]
        }
        guard unsafe stat(path, &status) == 0 else { return [] }
        do throws(SystemCallError) {
            let file = try SmallFile(path)
            guard file.isRegular else { return ["\(path): is not a regular file"] }
            guard unsafe faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 else {
                return ["\(path): user \(user) may not write it: \(SystemCallError.text(of: errno))"]
            }
            let start = try file.bytes(atMost: 16)
            return file.size == 0 || start.starts(with: Array("SQLite format 3\0".utf8))
                ? [] : ["\(path): is not an SQLite database; give another path"]
        } catch {
            return ["\(path): cannot be read by user \(user): \(SystemCallError.text(of: error.code))"]
        }
    }
}
