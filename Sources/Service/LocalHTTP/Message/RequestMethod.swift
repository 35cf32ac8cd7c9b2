/// A request method; every method without a case here is `.other`, without its name.
public enum RequestMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case options = "OPTIONS"
    case other
}
