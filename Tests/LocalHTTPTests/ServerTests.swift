import Dispatch
import Files
import Glibc
import LocalHTTP
import TestSupport
import Testing

/// Answers by the path: what a handler can do, and nothing of tokens.
private final class EchoHandler: RequestHandler {
    private let strangers: Int
    private var held: ReplyTicket?

    init(strangers: Int = .max) { self.strangers = strangers }

    func accept(_ peer: Peer) -> Admittance { Admittance(share: ConnectionShare(.strangers, limit: strangers)) }
    func begin(_ time: LoopTime) {}
    func refuse(_ fault: MessageFault) -> Response { Response(status: fault.status, body: Array("refused".utf8)) }

    func respond(
        to head: borrowing RequestHead, bytes: Span<UInt8>, body: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Reply {
        let path = bytes.text(head.path)
        switch path {
        case "/later":
            let ticket = connection.ticket()
            DispatchQueue.global().async { ticket.deliver(Response(status: 200, body: Array("later".utf8))) }
            return .later
        case "/never": return .later
        case "/held":
            held = connection.ticket()
            return .later
        case "/release":
            held?.deliver(Response(status: 200, body: Array("held".utf8)))
            return .response(Response(status: 200, body: Array(path.utf8)))
        case "/known":
            connection.join(ConnectionShare(.user(1), limit: 4))
            return .response(Response(status: 200, body: Array("known".utf8)))
        case "/large": return .response(Response(status: 200, body: Array(repeating: 0x61, count: 4_000_000)))
        case "/cut":
            output.append("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            return .hangUp
        default:
            let text = body.isEmpty ? path : body.text(0..<body.count)
            return .response(Response(status: 200, body: Array(text.utf8)))
        }
    }
}

private func makeServer(_ limits: ServerLimits = ServerLimits.usual, strangers: Int = .max) throws -> (HTTPServer, String) {
    let server = try HTTPServer([Listener(.loopback4(host: [127, 0, 0, 1], port: 0))], limits: limits) { EchoHandler(strangers: strangers) }
    return (server, server.addresses[0].description)
}

@Suite struct ServerTests {
    @Test func `kept and pipelined requests are answered in order`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        client.send((1...50).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        for number in 1...50 { #expect(client.receive()?.text == "/\(number)") }
        client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.receive()?.text == "/a")
        #expect(client.receive()?.text == "later")
        #expect(client.receive()?.text == "/b")
    }

    @Test func `a request in pieces is answered, and one behind it too`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        for piece in ["POST /x HT", "TP/1.1\r\nHost: a\r\nContent-Le", "ngth: 5\r\n\r\nhe", "lloGET /y HTTP/1.1\r\nHo"] { client.send(piece) }
        #expect(client.receive()?.text == "hello")
        client.send("st: a\r\n\r\n")
        #expect(client.receive()?.text == "/y")
    }

    @Test func `an expectation of 100-continue is met before the body`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        client.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        #expect(client.receive()?.status == 100)
        client.send("ok")
        #expect(client.receive()?.text == "ok")
    }

    @Test func `HEAD has the length and no body`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        client.send("HEAD /abc HTTP/1.1\r\nHost: a\r\n\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.receive(omitsBody: true)?.field("Content-Length") == "4")
        #expect(client.receive()?.text == "/d")
    }

    @Test func `a malformed message is answered and the connection closed`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.receive()?.status == 200)
        let refusal = client.receive()
        #expect(refusal?.status == 400)
        #expect(refusal?.field("Connection") == "close")
        #expect(client.isClosed())
    }

    @Test func `a slow header ends with 408 and a slow body too`() throws {
        var limits = ServerLimits.usual
        limits.headerTime = .milliseconds(100)
        limits.requestTime = .milliseconds(150)
        let (server, address) = try makeServer(limits)
        defer { server.stop() }
        for start in ["GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"] {
            let client = try #require(RawClient(address: address))
            client.send(start)
            #expect(client.receive()?.status == 408)
            #expect(client.isClosed())
        }
    }

    @Test func `an idle connection is closed without a word`() throws {
        var limits = ServerLimits.usual
        limits.idleTime = .milliseconds(100)
        let (server, address) = try makeServer(limits)
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.receive()?.text == "/a")
        #expect(client.isClosed())
    }

    @Test func `an answer larger than the socket takes arrives whole`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.receive()?.body.count == 4_000_000)
        #expect(client.receive()?.text == "/a")
    }

    @Test func `a peer that reads late gets every answer of a long pipeline`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        let long = String(repeating: "x", count: 3000)
        client.send((0..<400).map { "GET /\($0)/\(long) HTTP/1.1\r\nHost: a\r\n\($0 == 399 ? "Connection: close\r\n" : "")\r\n" }.joined())
        for number in 0..<400 {
            let isRight = client.receive()?.text == "/\(number)/\(long)"
            #expect(isRight, "answer \(number)")
        }
        #expect(client.isClosed())
    }

    @Test func `a unix client that leaves before its answer costs nothing`() throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let server = try HTTPServer([Listener(.unix(path: "\(folder)/s"))], limits: .usual) { EchoHandler() }
        defer { server.stop() }
        do {
            let leaving = try #require(RawClient(address: "unix:\(folder)/s"))
            leaving.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        let client = try #require(RawClient(address: "unix:\(folder)/s"))
        let before = server.turns[0]
        for _ in 0..<300 {
            client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(client.receive()?.text == "/a")
        }
        #expect(server.turns[0] - before < 1000)
    }

    @Test func `a client that has sent everything still gets its answer`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n")
        client.finish()
        #expect(client.receive()?.text == "later")
        #expect(client.isClosed())
    }

    @Test func `beyond the limit of connections the longest idle one goes`() throws {
        var limits = ServerLimits.usual
        limits.connections = 8
        let (server, address) = try makeServer(limits)
        defer { server.stop() }
        let clients = try (0..<9).map { number in
            let client = try #require(RawClient(address: address))
            client.send("GET /\(number) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(client.receive()?.text == "/\(number)")
            return client
        }
        #expect(clients[0].isClosed())
        clients[8].send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(clients[8].receive()?.text == "/again")
    }

    private func ask(_ client: RawClient, _ path: String) -> String? {
        client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        return client.receive()?.text
    }

    @Test func `a share that is full loses its longest idle connection, and no other share does`() throws {
        var limits = ServerLimits.usual
        limits.idleGrace = .zero
        let (server, address) = try makeServer(limits, strangers: 2)
        defer { server.stop() }
        let known = try #require(RawClient(address: address))
        #expect(ask(known, "/known") == "known")
        let strangers = try (0..<3).map { number in
            let client = try #require(RawClient(address: address))
            #expect(ask(client, "/\(number)") == "/\(number)")
            return client
        }
        #expect(strangers[0].isClosed())
        #expect(ask(strangers[1], "/x") == "/x")
        #expect(ask(known, "/x") == "/x")
    }

    @Test func `connections in use stay beyond their share while there is room`() throws {
        let (server, address) = try makeServer(strangers: 2)
        defer { server.stop() }
        let clients = try (0..<5).map { _ in try #require(RawClient(address: address)) }
        for client in clients { #expect(ask(client, "/a") == "/a") }
        for client in clients { #expect(ask(client, "/b") == "/b") }
    }

    @Test func `an empty line between requests begins none`() throws {
        var limits = ServerLimits.usual
        limits.headerTime = .milliseconds(50)
        let (server, address) = try makeServer(limits)
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        #expect(ask(client, "/a") == "/a")
        client.send("\r\n")
        usleep(200_000)
        #expect(ask(client, "/b") == "/b")
    }

    @Test func `a connection that awaits its answer is not closed for its share`() throws {
        var limits = ServerLimits.usual
        limits.idleGrace = .milliseconds(100)
        let (server, address) = try makeServer(limits, strangers: 1)
        defer { server.stop() }
        let waiting = try #require(RawClient(address: address))
        waiting.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
        usleep(200_000)
        let second = try #require(RawClient(address: address))
        #expect(ask(second, "/release") == "/release")
        #expect(waiting.receive()?.text == "held")
    }

    @Test func `a flood of strangers never pushes out a known caller`() throws {
        var limits = ServerLimits.usual
        limits.connections = 8
        let (server, address) = try makeServer(limits, strangers: 4)
        defer { server.stop() }
        let known = try #require(RawClient(address: address))
        #expect(ask(known, "/known") == "known")
        let flood = try (0..<40).map { _ in try #require(RawClient(address: address)) }
        #expect(ask(flood[39], "/last") == "/last")
        #expect(ask(known, "/still") == "/still")
        #expect(flood[0].isClosed())
    }

    @Test func `draining answers what was received and ends what waits`() async throws {
        let (server, address) = try makeServer()
        let waiting = try #require(RawClient(address: address))
        waiting.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
        let idle = try #require(RawClient(address: address))
        idle.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(idle.receive()?.text == "/a")
        await server.drain(within: .milliseconds(200))
        #expect(idle.isClosed())
        #expect(waiting.isClosed())
        server.stop()
    }

    @Test(arguments: [true, false]) func `draining gives who just connected a moment for the first request`(isGiven: Bool) async throws {
        var limits = ServerLimits.usual
        limits.firstRequestGrace = isGiven ? .seconds(30) : .zero
        let (server, address) = try makeServer(limits)
        let drained = try await blocking { [self] in
            let fresh = try #require(RawClient(address: address))
            let served = try #require(RawClient(address: address))
            #expect(ask(served, "/first") == "/first")  // accepted in order: the one before is in
            let drained = Task { await server.drain(within: .seconds(60)) }
            #expect(served.isClosed())
            #expect(ask(fresh, "/late") == (isGiven ? "/late" : nil))
            return drained
        }
        await drained.value
        server.stop()
    }

    @Test func `a listening socket that was handed over is served, and its file stays`() async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let path = "\(folder)/api.sock"
        let manager = try Listener(.unix(path: path))
        do {
            let server = try HTTPServer([try Listener(inherited: dup(manager.descriptor))], limits: .usual) { EchoHandler() }
            #expect(server.addresses == [.unix(path: path)])
            #expect(ask(try #require(RawClient(address: "unix:\(path)")), "/u") == "/u")
            await server.drain(within: .seconds(5))
            server.stop()
        }
        let next = try HTTPServer([try Listener(inherited: dup(manager.descriptor))], limits: .usual) { EchoHandler() }
        #expect(ask(try #require(RawClient(address: "unix:\(path)")), "/again") == "/again")
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

    @Test(arguments: ["127.0.0.1:80", "127.1.2.3:0", "[::1]:9"]) func `loopback literals are addresses`(text: String) {
        #expect(SocketAddress(loopback: text)?.description == text)
    }

    @Test(arguments: ["0.0.0.0:80", "localhost:80", "128.0.0.1:80", "127.0.0.1", "[::]:80", "127.0.0.1:70000"])
    func `nothing else is`(text: String) {
        #expect(SocketAddress(loopback: text) == nil)
    }
}
