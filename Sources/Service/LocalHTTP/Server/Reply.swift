/// What becomes of a request.
public enum Reply {
    /// The whole answer already stands in the output buffer, `Connection: close` included where the request ends the connection.
    case written
    case response(Response)
    /// A `ReplyTicket` taken from the connection will bring the answer; until then the connection reads no further.
    case later
    /// What stands in the output buffer is sent as it is, and the connection closed: for breaking off.
    case hangUp
}
