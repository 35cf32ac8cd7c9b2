import Files
import Glibc
import LocalHTTP
import TestSupport
import Testing

/// Listening sockets.
@Suite struct ListenerTests {
    @Test func `a listening socket that was handed over is served, and its file stays`() async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let path = "\(folder)/api.sock"
        let manager = try Listener(.unix(path: path))
        do {
            let server = try HTTPServer([try Listener(inherited: dup(manager.descriptor))], limits: .usual) { EchoHandler() }
            #expect(server.addresses == [.unix(path: path)])
            #expect(try #require(RawClient(address: "unix:\(path)")).ask("/u") == "/u")
            await server.drain(within: .seconds(5))
            server.stop()
        }
        let next = try HTTPServer([try Listener(inherited: dup(manager.descriptor))], limits: .usual) { EchoHandler() }
        #expect(try #require(RawClient(address: "unix:\(path)")).ask("/again") == "/again")
        next.stop()
        let tcp = try Listener(try #require(SocketAddress(loopback: "127.0.0.1:0")))
        #expect(try Listener(inherited: dup(tcp.descriptor)).address == tcp.address)
    }

    @Test(.timeLimit(.minutes(1))) func `a living process's socket is neither taken nor removed`() throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let path = "\(folder)/api.sock"
        let first = try HTTPServer([try Listener(.unix(path: path))], limits: .usual) { EchoHandler() }
        defer { first.stop() }
        for _ in 0..<3 {
            let failure = #expect(throws: SystemCallError.self) { try Listener(.unix(path: path)) }
            #expect(failure?.code == EADDRINUSE && failure?.description.contains("process \(getpid())") == true, "\(String(describing: failure))")
        }
        #expect(try #require(RawClient(address: "unix:\(path)")).ask("/still") == "/still")
        // One that has no lock, as of another program.
        let other = "\(folder)/other.sock"
        let foreign = try Program(
            "/usr/bin/perl", ["-MIO::Socket::UNIX", "-e", "my $s = IO::Socket::UNIX->new(Local => '\(other)', Listen => 16) or die; sleep 600"],
            output: "/dev/null")
        var connected: RawClient?
        for _ in 0..<5000 {
            connected = RawClient(address: "unix:\(other)")
            if connected != nil { break }
            usleep(1000)
        }
        #expect(connected != nil)
        let failure = #expect(throws: SystemCallError.self) { try Listener(.unix(path: other)) }
        #expect(failure?.description.contains("process \(foreign.identifier)") == true, "\(String(describing: failure))")
        foreign.signal(SIGKILL)
        _ = foreign.wait()
        // What it left is nobody's.
        #expect(try Listener(.unix(path: other)).isReachable)
    }

    @Test func `a listener knows its own file, and removes no other`() throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let path = "\(folder)/api.sock"
        var listener: Listener? = try Listener(.unix(path: path))
        #expect(listener?.isReachable == true)
        unsafe unlink(path)
        #expect(listener?.isReachable == false)
        try TestFiles.write("another's", to: path)
        #expect(listener?.isReachable == false)
        listener = nil
        #expect(try TestFiles.names(folder) == ["api.sock"])
        #expect(try TestFiles.text(path) == "another's")
    }

    @Test func `the kernel says who listens at a port`() throws {
        let listener = try Listener(.loopback4(host: [127, 0, 0, 1], port: 0))
        guard var diagnosis = SocketDiagnosis() else { throw TestFailure("the kernel offers no sock_diag") }
        let (own, nobody) = (diagnosis.listener(at: listener.address), diagnosis.listener(at: .loopback4(host: [127, 0, 0, 1], port: 1)))
        #expect(own?.user == geteuid() && nobody?.user == nil)
    }

    @Test func `what is no listening loopback or unix socket is not taken over`() throws {
        let datagram = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        let everywhere = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer {
            close(datagram)
            close(everywhere)
        }
        #expect(throws: SystemCallError.self) { try Listener(inherited: datagram) }
        #expect(throws: SystemCallError.self) { try Listener(inherited: everywhere) }
        try #require(listen(everywhere, 1) == 0)  // on 0.0.0.0
        #expect(throws: SystemCallError.self) { try Listener(inherited: everywhere) }
    }

    @Test func `a unix socket has its mode before anybody can connect, and its file goes with it`() throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let path = "\(folder)/api.sock"
        do {
            let listener = try Listener(.unix(path: path), access: SocketFileAccess(mode: 0o600))
            #expect(try TestFiles.run("/usr/bin/stat", ["-c", "%a", path]).output == "600\n")
            let server = try HTTPServer([listener], limits: .usual) { EchoHandler() }
            let client = try #require(RawClient(address: "unix:\(path)"))
            client.send("GET /u HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(client.receive()?.text == "/u")
            server.stop()
        }
        #expect(throws: SystemCallError.self) { try Listener(.unix(path: "/proc/none/api.sock")) }
        try TestFiles.write("x", to: "\(folder)/file")
        #expect(throws: SystemCallError.self) { try Listener(.unix(path: "\(folder)/file")) }
        #expect(try TestFiles.text("\(folder)/file") == "x")
    }
}
