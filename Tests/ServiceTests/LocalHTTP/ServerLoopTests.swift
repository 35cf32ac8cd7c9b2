import Glibc
import LocalHTTP
import TestSupport
import Testing

private func makeServer(_ limits: ServerLimits = ServerLimits.usual, strangers: Int = .max) throws -> (HTTPServer, String) {
    let server = try HTTPServer([Listener(.loopback4(host: [127, 0, 0, 1], port: 0))], limits: limits) { EchoHandler(strangers: strangers) }
    return (server, server.addresses[0].description)
}

/// Connections of an event loop, on real sockets.
@Suite struct ServerLoopTests {
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

    @Test func `sixteen requests of a connection are answered before the others have their turn`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        client.send(String(repeating: "GET /turn HTTP/1.1\r\nHost: a\r\n\r\n", count: 200))
        var answers: [String: Int] = [:]
        for _ in 0..<200 { answers[try #require(client.receive()?.text), default: 0] += 1 }
        #expect(answers.values.allSatisfy { $0 <= 16 } && answers.count >= 13)
    }

    @Test func `a connection that exceeded a rate is not read until its pause is over`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let (client, other) = (try #require(RawClient(address: address)), try #require(RawClient(address: address)))
        for isPipelined in [true, false] {
            client.send("GET /pause HTTP/1.1\r\nHost: a\r\n\r\n" + (isPipelined ? "GET /b HTTP/1.1\r\nHost: a\r\n\r\n" : ""))
            #expect(client.receive()?.text == "pause")
            let began = ContinuousClock.now
            #expect(other.ask("/x") == "/x")
            if !isPipelined { client.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n") }
            #expect(client.receive()?.text == "/b")
            // The answer left a moment before it was received here.
            #expect(ContinuousClock.now - began > .milliseconds(100))
        }
    }

    @Test func `the connection that holds most is closed where a share holds too much`() throws {
        var limits = ServerLimits.usual
        limits.shareBytes = 300_000
        let (server, address) = try makeServer(limits)
        defer { server.stop() }
        let chunks = String(repeating: "1;\(String(repeating: "e", count: 200))\r\nx\r\n", count: 1000)
        let part = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)"
        let (greedy, modest, other) = (
            try #require(RawClient(address: address)), try #require(RawClient(address: address)), try #require(RawClient(address: address))
        )
        modest.send(String(part.utf8.prefix(120_000)) ?? "")
        #expect(other.ask("/x") == "/x")
        greedy.send(part)
        #expect(greedy.receive() == nil)
        #expect(other.ask("/x") == "/x")
    }

    @Test func `one answer may be longer than all that a share may hold, a second one beside it may not`() throws {
        var limits = ServerLimits.usual
        limits.shareBytes = 300_000
        let (server, address) = try makeServer(limits)
        defer { server.stop() }
        let (first, second) = (try #require(RawClient(address: address)), try #require(RawClient(address: address)))
        first.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(first.receive()?.body.count == 40_000_000)
        first.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try #require(RawClient(address: address)).ask("/x") == "/x")
        second.send("GET /huge HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try #require(RawClient(address: address)).ask("/x") == "/x")
        #expect([first.receive(), second.receive()].count { $0?.body.count == 40_000_000 } == 1)
        #expect(try #require(RawClient(address: address)).ask("/x") == "/x")
    }

    @Test func `a client that has left ends the connection whose answer it awaited`() throws {
        let (server, address) = try makeServer()
        defer { server.stop() }
        let other = try #require(RawClient(address: address))
        for number in 1...3 {
            do {
                let client = try #require(RawClient(address: address))
                client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(other.ask("/x") == "/x")
            }
            while other.ask("/ended") != "\(number)" { usleep(1000) }
        }
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

    @Test func `a share that is full loses its longest idle connection, and no other share does`() throws {
        var limits = ServerLimits.usual
        limits.idleGrace = .zero
        let (server, address) = try makeServer(limits, strangers: 2)
        defer { server.stop() }
        let known = try #require(RawClient(address: address))
        #expect(known.ask("/known") == "known")
        let strangers = try (0..<3).map { number in
            let client = try #require(RawClient(address: address))
            #expect(client.ask("/\(number)") == "/\(number)")
            return client
        }
        #expect(strangers[0].isClosed())
        #expect(strangers[1].ask("/x") == "/x")
        #expect(known.ask("/x") == "/x")
    }

    @Test func `connections in use stay beyond their share while there is room`() throws {
        let (server, address) = try makeServer(strangers: 2)
        defer { server.stop() }
        let clients = try (0..<5).map { _ in try #require(RawClient(address: address)) }
        for client in clients { #expect(client.ask("/a") == "/a") }
        for client in clients { #expect(client.ask("/b") == "/b") }
    }

    @Test func `an empty line between requests begins none`() throws {
        var limits = ServerLimits.usual
        limits.headerTime = .milliseconds(50)
        let (server, address) = try makeServer(limits)
        defer { server.stop() }
        let client = try #require(RawClient(address: address))
        #expect(client.ask("/a") == "/a")
        client.send("\r\n")
        usleep(200_000)
        #expect(client.ask("/b") == "/b")
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
        #expect(second.ask("/release") == "/release")
        #expect(waiting.receive()?.text == "held")
    }

    @Test func `a flood of strangers never pushes out a known caller`() throws {
        var limits = ServerLimits.usual
        limits.connections = 8
        let (server, address) = try makeServer(limits, strangers: 4)
        defer { server.stop() }
        let known = try #require(RawClient(address: address))
        #expect(known.ask("/known") == "known")
        let flood = try (0..<40).map { _ in try #require(RawClient(address: address)) }
        #expect(flood[39].ask("/last") == "/last")
        #expect(known.ask("/still") == "/still")
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
        let drained = try await blocking {
            let fresh = try #require(RawClient(address: address))
            let served = try #require(RawClient(address: address))
            #expect(served.ask("/first") == "/first")  // accepted in order: the one before is in
            let drained = Task { await server.drain(within: .seconds(60)) }
            #expect(served.isClosed())
            #expect(fresh.ask("/late") == (isGiven ? "/late" : nil))
            return drained
        }
        await drained.value
        server.stop()
    }
}
