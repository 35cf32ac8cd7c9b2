/// A request method of RFC 9110 §9.3 or RFC 5789; every other is `.other`, without its name.
public enum RequestMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case options = "OPTIONS"
    case put = "PUT"
    case delete = "DELETE"
    case patch = "PATCH"
    case trace = "TRACE"
    case connect = "CONNECT"
    case other
}
