/// A request method. Methods the server has no use for keep only that they are another one.
public enum RequestMethod: String, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case options = "OPTIONS"
    case other
}
