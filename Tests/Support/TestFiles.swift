import Foundation
import Synchronization

/// Reads files of the repository and makes scratch ones.
package enum TestFiles {
    package static func text(_ path: String) throws -> String {
        try String(contentsOfFile: path.hasPrefix("/") ? path : "\(Repository.root)/\(path)", encoding: .utf8)
    }

    package static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path.hasPrefix("/") ? path : "\(Repository.root)/\(path)")))
    }

    package static func names(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.hasPrefix("/") ? folder : "\(Repository.root)/\(folder)").sorted()
    }

    /// A new empty folder; remove it when done.
    package static func scratch() throws -> String {
        let path = NSTemporaryDirectory() + "tokenbroker-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// A folder that all tests share and that is gone when the process ends.
    package static func lasting() throws -> String {
        let path = try scratch()
        kept.withLock { kept in
            if kept.isEmpty { atexit { TestFiles.kept.withLock { for path in $0 { TestFiles.remove(path) } } } }
            kept.append(path)
        }
        return path
    }

    private static let kept = Mutex<[String]>([])

    package static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }

    package static func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    package static func write(_ text: String, to path: String, mode: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// Runs a program to its end.
    @discardableResult
    package static func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> (
        status: Int32, output: String, errors: String
    ) {
        // Files, not pipes: nothing can fill up while the program runs.
        let folder = try scratch()
        defer { remove(folder) }
        let made = try Program(program, arguments, environment: environment, output: "\(folder)/out", errors: "\(folder)/err")
        let status = made.wait()
        return (status, (try? text("\(folder)/out")) ?? "", (try? text("\(folder)/err")) ?? "")
    }
}
