/// The field names that the server or its handlers act on; every other name is `.other`.
public enum FieldName: UInt8, Sendable {
    case other
    case accept, acceptEncoding, authorization, connection, contentLength, contentType, cookie, expect, forwarded, host, ifMatch, ifNoneMatch
    case origin, referer, secFetch, secFetchSite, transferEncoding, via, xForwarded, xRealIP
}
