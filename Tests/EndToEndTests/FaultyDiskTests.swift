import BrokerDaemon
import Glibc
import JSON
import TestSupport
import Testing

/// The built daemon on disks that fail: it serves on, and comes back to its store by itself.
@Suite(.serialized) struct FaultyDiskTests {
    private static func mount(_ folder: String) -> Bool {
        (try? TestFiles.run("/bin/mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]).status) == 0
    }

    private static func unmount(_ folder: String) {
        _ = try? TestFiles.run("/bin/umount", ["-l", folder])
        TestFiles.remove(folder)
    }

    private static let mayMount: Bool = {
        guard let folder = try? TestFiles.scratch() else { return false }
        defer { unmount(folder) }
        return mount(folder)
    }()
    private static let mayTrace = geteuid() == 0 && (try? TestFiles.run("/usr/bin/strace", ["-o", "/dev/null", "/bin/true"]).status) == 0

    private func fingerprint(_ daemon: Daemon, _ token: String) -> String? {
        daemon.get("/v1/tokens/\(token)").flatMap { JSONValue(parsing: $0.body)?["fingerprint"]?.text }
    }

    /// A refresh while the disk fails: a new token is served, and the failure is reported.
    private func refresh(_ token: String, _ daemon: Daemon) throws {
        let before = fingerprint(daemon, token)
        #expect(try daemon.command("refresh", token).status == 0)
        let after = fingerprint(daemon, token)
        #expect(after != nil && after != before)
        _ = try daemon.wait(for: "store failed")
        #expect(daemon.get("/metrics")?.text.contains("tokenbroker_store_usable 0") == true)
    }

    private func comesBack(_ daemon: Daemon, _ token: String) throws {
        _ = try daemon.wait(for: "store works again")
        #expect(daemon.get("/metrics")?.text.contains("tokenbroker_store_usable 1") == true)
        let kept = fingerprint(daemon, token)
        daemon.signal(SIGKILL)
        _ = daemon.end()
        try daemon.launch()
        #expect(fingerprint(daemon, token) == kept)
    }

    @Test(.enabled(if: mayMount, "file systems cannot be mounted here")) func `a disk that is full`() async throws {
        try await blocking {
            let disk = try TestFiles.scratch()
            #expect(Self.mount(disk))
            defer { Self.unmount(disk) }
            let daemon = try Daemon { yaml, _ in yaml + "\nstore: {sqlite: \(disk)/tokens.db}\n" }
            #expect(try daemon.command("history", "zapper").output.contains("success"))
            try TestFiles.run("/bin/dd", ["if=/dev/zero", "of=\(disk)/filler", "bs=4k"])
            try refresh("zapper", daemon)
            #expect(daemon.log.contains("the disk is full"))
            TestFiles.remove("\(disk)/filler")
            try comesBack(daemon, "zapper")
        }
    }

    @Test(
        .enabled(if: mayTrace, "processes cannot be traced here"),
        arguments: ["pwrite64:error=ENOSPC", "pwrite64:error=EIO", "fdatasync,fsync:error=EIO", "pwrite64,openat:error=EMFILE"])
    func `calls of the store that fail`(fault: String) async throws {
        try await blocking {
            let daemon = try Daemon { yaml, folder in yaml + "\nstore: {sqlite: \(folder)/tokens.db}\n" }
            #expect(try daemon.command("history", "zapper").output.contains("success"))
            let tracer = try Program(
                "/usr/bin/strace", ["-f", "-q", "-p", "\(daemon.identifier)", "-e", "trace=\(fault.prefix { $0 != ":" })", "-e", "inject=\(fault)"],
                output: "\(daemon.folder)/strace.log")
            // It traces every thread from the moment the first one is.
            while try !TestFiles.text("/proc/\(daemon.identifier)/status").contains("TracerPid:\t\(tracer.identifier)") {
                usleep(5000)
            }
            try refresh("zipteams", daemon)
            tracer.signal(SIGTERM)
            _ = tracer.wait()
            try comesBack(daemon, "zipteams")
        }
    }
}
