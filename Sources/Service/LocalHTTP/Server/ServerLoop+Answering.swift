import CLinux
import Glibc

/// Responses: at once, later, and the end of a connection with the last one.
extension ServerLoop {
    func countRequest(of connection: Connection) {
        connection.exchange += 1
        if connection.turn != turn { (connection.turn, connection.answers) = (turn, 0) }
        connection.answers += 1
    }

    /// - Parameter isLast: whether nothing has arrived behind the message.
    func respond(_ connection: Connection, parser: RequestParser, message: Span<UInt8>, isLast: Bool) {
        countRequest(of: connection)
        connection.endsItself = isLast && !parser.head.keepsAlive && parser.bodyRange.isEmpty && parser.chunkedBody == nil
        // The handler writes Connection: close into a response that it renders itself.
        if isDraining { parser.endConnection() }
        let reply: Reply
        if let chunked = parser.chunkedBody {
            reply = handler.respond(to: parser.head, bytes: message, body: chunked.span, on: connection, into: &output)
        } else {
            let body = message.extracting(parser.bodyRange)
            reply = handler.respond(to: parser.head, bytes: message, body: body, on: connection, into: &output)
        }
        let closes = !parser.head.keepsAlive || isDraining
        switch reply {
        case .written:
            if closes { linger(connection) }
        case .response(let response):
            finish(connection, with: response, omitsBody: parser.head.method == .head, closes: closes)
        case .hangUp:
            linger(connection)
            if connection.hasHungUp { close(connection, .broken) }
        case .later:
            connection.phase = .answering
            connection.omitsBody = parser.head.method == .head
            connection.closesAfterAnswer = closes
            connection.deadline = .max
            listen(connection, for: EPOLLRDHUP.rawValue)
        }
    }

    func finish(_ connection: Connection, with response: Response, omitsBody: Bool, closes: Bool) {
        let closes = closes || response.closes
        output.append(response, date: date.bytes, omitsBody: omitsBody, closes: closes)
        if response.pause > 0, !closes { connection.resumesAt = time.boot + response.pause }
        if closes { linger(connection) }
    }

    func refuse(_ fault: MessageFault, on connection: Connection, omitsBody: Bool) {
        finish(connection, with: handler.refuse(fault), omitsBody: omitsBody, closes: true)
    }

    func linger(_ connection: Connection) {
        connection.phase = .lingering
        connection.held = []
    }

    func deliver(_ response: Response, for ticket: ReplyTicket) {
        guard let connection = connections[ticket.descriptor], connection.generation == ticket.generation,
            connection.exchange == ticket.exchange, connection.phase == .answering
        else { return }
        handler.delivered(connection)
        connection.phase = .reading
        connection.lastActive = time.boot
        // A peer that has sent its last byte has no further request, unless one waits already.
        let isLast = connection.isReadClosed && connection.held.isEmpty
        finish(connection, with: response, omitsBody: connection.omitsBody, closes: connection.closesAfterAnswer || isDraining || isLast)
        answerHeld(connection)
        flush(connection)
    }
}
