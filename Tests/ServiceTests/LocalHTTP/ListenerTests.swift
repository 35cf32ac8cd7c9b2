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
