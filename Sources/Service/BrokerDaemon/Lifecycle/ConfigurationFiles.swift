package import Configuration
import Glibc
import Secrets
package import YAML

/// Reads the configuration from disk.
package enum ConfigurationFiles {
    /// - Throws: `ConfigurationFaults` with every fault of every file.
    package static func read(_ path: String) throws(ConfigurationFaults) -> (configuration: BrokerConfiguration, warnings: [ConfigurationFault]) {
        try ConfigurationReader(readFile: text, listFolder: names).read(path)
    }

    private static func text(_ path: String) -> Result<String, SystemMessage> {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(SystemMessage(systemMessage(errno))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= ConfigurationDocument.maximumBytes {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { return .failure(SystemMessage(systemMessage(errno))) }
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { return .failure(SystemMessage("it is not UTF-8")) }
        return .success(text)
    }

    /// A file's first line; nil where it cannot be read.
    static func line(_ path: String) -> String? {
        guard case .success(let text) = text(path) else { return nil }
        return text.split(separator: "\n").first.map(String.init)
    }

    private static func names(_ path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            names.append(unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}
