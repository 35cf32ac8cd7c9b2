import Admission
package import Configuration
import Files
import Glibc
package import YAML

/// Reads the configuration files from disk.
package enum ConfigurationFiles {
    /// - Throws: `ConfigurationFaults` with every fault of every file.
    package static func read(_ path: String) throws(ConfigurationFaults) -> (configuration: BrokerConfiguration, warnings: [ConfigurationFault]) {
        try ConfigurationReader(readFile: text, listFolder: Folder.names, accounts: UserDatabase.accounts).read(path)
    }

    /// The definitions of partners that a configuration can use, whatever else is wrong with it.
    package static func providers(_ path: String) -> ConfigurationReader.Providers {
        ConfigurationReader(readFile: text, listFolder: Folder.names).providers(path)
    }

    /// `config.yaml:12:17` for the value that these keys lead to; the file alone where it has none.
    package static func places(in path: String) -> @Sendable (_ keys: [String]) -> String {
        guard case .success(let text) = text(path), let root = YAMLDocument.parse(text, file: path, faults: FaultList()) else { return { _ in path } }
        // The tree is only read from here on.
        nonisolated(unsafe) let tree = root
        return { keys in unsafe tree.place(of: keys).map { "\(path):\($0.line):\($0.column)" } ?? path }
    }

    private static func text(_ path: String) -> Result<String, SystemMessage> {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            // Reads one byte past the limit, so that the document can report that it is too large.
            bytes = try SmallFile(path).bytes(atMost: YAMLDocument.maximumBytes)
        } catch {
            return .failure(SystemMessage(problem(path, error.code)))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return .failure(SystemMessage(": it is not UTF-8")) }
        return .success(text)
    }

    /// Why a file cannot be read and what would be right, behind "cannot be read".
    private static func problem(_ path: String, _ code: Int32) -> String {
        let reason = SystemCallError.text(of: code)
        switch code {
        case ENOENT: return ": \(reason); --config names another file"
        case EACCES:
            let user = UserName.of(geteuid())
            let group = UserDatabase.groupName(getegid())
            let (place, right) = closedFolder(above: path).map { ($0, "x") } ?? (path, "r")
            return " by user \(user): \(reason); `sudo chgrp \(group) \(place) && sudo chmod g+\(right) \(place)` allows it"
        default: return ": \(reason)"
        }
    }

    /// The first folder on the way to a file that this user may not pass.
    private static func closedFolder(above path: String) -> String? {
        path.indices.dropFirst().lazy.filter { path[$0] == "/" }.map { String(path[..<$0]) }.first {
            unsafe faccessat(AT_FDCWD, $0, X_OK, AT_EACCESS) != 0
        }
    }

    /// The first line of a file; nil where the file cannot be read.
    static func line(_ path: String) -> String? {
        guard case .success(let text) = text(path) else { return nil }
        return text.split(separator: "\n").first.map(String.init)
    }
}
