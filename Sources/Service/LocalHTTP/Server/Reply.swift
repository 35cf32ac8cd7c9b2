/// How a request is answered.
public enum Reply {
    /// The complete response is in the output buffer, including `Connection: close` where the request ends the connection.
    case written
    case response(Response)
    /// A `ReplyTicket` of the connection delivers the response later; until then the connection reads no further.
    case later
    /// The output buffer is sent as it is and the connection is closed, to break off a response.
    case hangUp
}
