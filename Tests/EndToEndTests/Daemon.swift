import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

/// The built binaries, as their users run them.
final class Daemon {
    let folder: String
    private var sandbox: Program?
    private var daemon: Program?
    private var command: [String] = []
    /// Where it listens, in the order of the configuration; the first is what the others here use.
    private(set) var addresses: [String] = []
    var address: String { addresses.first ?? "" }
    private(set) var sandboxURL = ""
    var log: String { (try? TestFiles.text("\(folder)/daemon.log")) ?? "" }

    static let binaries =
        Bundle.main.bundlePath.hasSuffix(".xctest") ? (Bundle.main.bundlePath as NSString).deletingLastPathComponent : Bundle.main.bundlePath

    static func binary(_ name: String) -> String {
        for folder in [binaries, "\(Repository.root)/.build/debug"] where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)") {
            return "\(folder)/\(name)"
        }
        return name
    }

    /// - Parameters:
    ///   - user: whom the daemon runs as; nil for the tests' own user.
    ///   - descriptors: how many it may have; nil for as many as the tests.
    ///   - change: of the shipped configuration; its second argument is the scratch folder, in which `open` is the user's.
    init(lifetimes: [String] = [], user: Int? = nil, descriptors: Int? = nil, change: (String, String) -> String = { yaml, _ in yaml }) throws {
        folder = try TestFiles.scratch()
        sandbox = try start("partner-sandbox", ["--port", "0"] + lifetimes.flatMap { ["--lifetime", $0] }, log: "sandbox.log")
        sandboxURL = try wait(for: "partner-sandbox: ", in: "sandbox.log")
        let shipped = try TestFiles.text("config/config.yaml").replacing("http://127.0.0.1:8700", with: sandboxURL).replacing(
            "127.0.0.1:8653", with: "127.0.0.1:0")
        try TestFiles.write(change(shipped, folder), to: "\(folder)/config.yaml", mode: 0o644)
        try TestFiles.write("demo\n", to: "\(folder)/key")
        let arguments = ["serve", "--config", "\(folder)/config.yaml", "--log-level", "debug"]
        try FileManager.default.createDirectory(atPath: "\(folder)/open", withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        if let user {
            // What another user may reach: the folder of the build belongs to root alone.
            try FileManager.default.copyItem(atPath: Self.binary("tokenbroker"), toPath: "\(folder)/tokenbroker")
            unsafe chmod("\(folder)/tokenbroker", 0o755)
            unsafe chown("\(folder)/open", uid_t(user), gid_t(user))
            command = ["/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "\(folder)/tokenbroker"] + arguments
        } else if let descriptors {
            command = ["/usr/bin/prlimit", "--nofile=\(descriptors)", Self.binary("tokenbroker")] + arguments
        } else {
            command = [Self.binary("tokenbroker")] + arguments
        }
        try launch()
    }

    /// Starts the daemon; again, once it has ended.
    func launch() throws {
        daemon = try start(command[0], Array(command.dropFirst()), log: "daemon.log")
        _ = try wait(for: "msg=ready", in: "daemon.log")
        addresses = log.matches(of: #/listening address=(.+)/#).map { String($0.output.1) }
    }

    /// How often a partner was asked.
    func requests(at partner: String) throws -> Int64? {
        guard let client = RawClient(address: sandboxURL.replacing("http://", with: "")) else { return nil }
        client.send("GET /_sandbox/counts HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return JSONValue(parsing: client.receive()?.body ?? [])?[partner]?["requests"]?.integerValue
    }

    /// Makes a partner fail (`Fault` as JSON).
    func fault(_ partner: String, _ json: String) throws {
        guard let client = RawClient(address: sandboxURL.replacing("http://", with: "")) else { throw TestFailure("the sandbox does not answer") }
        client.send("POST /_sandbox/faults/\(partner) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(json.utf8.count)\r\n\r\n\(json)")
        guard client.receive()?.status == 200 else { throw TestFailure("the sandbox knows no such fault: \(json)") }
    }

    deinit {
        daemon = nil
        sandbox = nil
        TestFiles.remove(folder)
    }

    private func start(_ name: String, _ arguments: [String], log: String) throws -> Program {
        try Program(name.hasPrefix("/") ? name : Self.binary(name), arguments, output: "\(folder)/\(log)")
    }

    /// What stands behind this text in the daemon's log, as soon as it is there.
    func wait(for text: String, in file: String = "daemon.log") throws -> String {
        let end = Date().addingTimeInterval(120)
        while Date() < end {
            for line in try TestFiles.text("\(folder)/\(file)").split(separator: "\n") {
                if let range = line.range(of: text) { return String(line[range.upperBound...]) }
            }
            usleep(5000)
        }
        throw TestFailure("\(text) did not come: \(try TestFiles.text("\(folder)/\(file)"))")
    }

    /// Whether a fact comes about within two minutes, for threads that may block.
    static func soon(_ fact: () -> Bool) -> Bool {
        let end = Date().addingTimeInterval(120)
        while Date() < end {
            if fact() { return true }
            usleep(5000)
        }
        return false
    }

    /// Runs asynchronous work to its end, on a thread that may block.
    static func finish(_ work: @escaping @Sendable () async throws -> Void) throws {
        let done = DispatchSemaphore(value: 0)
        let failure = Mutex<(any Error)?>(nil)
        Task {
            do { try await work() } catch { failure.withLock { $0 = error } }
            done.signal()
        }
        done.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Root's check takes on the rights of the service's user, where there is one: the tests' files are root's.
    static let asItself = geteuid() == 0 ? ["--user", "root"] : []

    static func check(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
        try TestFiles.run(binary("tokenbroker"), ["check"] + arguments + (arguments.contains("--user") ? [] : asItself))
    }

    /// Runs the command line against this daemon.
    func command(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
        try TestFiles.run(
            Self.binary("tokenbroker"), arguments, environment: ["TOKENBROKER_URL": "http://\(address)", "TOKENBROKER_KEY_FILE": "\(folder)/key"])
    }

    func get(_ target: String, fields: [String: String] = [:]) -> RawClient.Answer? {
        guard let client = RawClient(address: address) else { return nil }
        let more = fields.map { "\($0.key): \($0.value)\r\n" }.joined()
        client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer demo\r\n\(more)\r\n")
        return client.receive()
    }

    /// Its process.
    var identifier: Int32 { daemon?.identifier ?? 0 }

    func signal(_ number: Int32) { daemon?.signal(number) }

    func end() -> Int32 {
        daemon?.wait() ?? -1
    }
}
