import Dispatch
package import LocalHTTP

/// Answers by the path: what a handler can do, and nothing of tokens.
package final class EchoHandler: RequestHandler {
    private let strangers: Int
    private var held: ReplyTicket?
    private var turn = 0
    private var ended = 0

    package init(strangers: Int = .max) { self.strangers = strangers }

    package func accept(_ peer: Peer) -> Admittance { Admittance(share: ConnectionShare(.strangers, limit: strangers)) }
    package func begin(_ time: LoopTime) { turn += 1 }
    package func ended(_ connection: Connection, _ end: ConnectionEnd) { ended += 1 }
    package func refuse(_ fault: MessageFault) -> Response { Response(status: fault.status, body: Array("refused".utf8)) }

    package func respond(
        to head: borrowing RequestHead, bytes: Span<UInt8>, body: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Reply {
        let path = bytes.text(head.path)
        switch path {
        case "/later":
            let ticket = connection.ticket()
            DispatchQueue.global().async { ticket.deliver(Response(status: 200, body: Array("later".utf8))) }
            return .later
        case "/never": return .later
        case "/turn": return .response(Response(status: 200, body: Array("\(turn)".utf8)))
        case "/ended": return .response(Response(status: 200, body: Array("\(ended)".utf8)))
        case "/pause":
            var response = Response(status: 429, body: Array("pause".utf8))
            response.pause = 150_000_000
            return .response(response)
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
        // More than the kernel buffers on both sides.
        case "/huge": return .response(Response(status: 200, body: Array(repeating: 0x61, count: 40_000_000)))
        case "/cut":
            output.append("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            return .hangUp
        default:
            let text = body.isEmpty ? path : body.text(0..<body.count)
            return .response(Response(status: 200, body: Array(text.utf8)))
        }
    }
}
