/// Bytes to send to a peer, in memory that is kept between requests so that appending allocates nothing.
public struct ResponseBuffer: Sendable {
    public var bytes: [UInt8] = []

    public init() {}

    public mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    public mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Appends a complete response message.
    ///
    /// - Parameters:
    ///   - date: an IMF-fixdate (RFC 9110 §6.6.1).
    ///   - omitsBody: for HEAD: the header of the response, including its Content-Length, without the body.
    ///   - closes: adds `Connection: close`.
    public mutating func append(_ response: Response, date: [UInt8], omitsBody: Bool, closes: Bool) {
        append("HTTP/1.1 ")
        append(String(response.status))
        append(" ")
        append(Self.reason(response.status))
        append("\r\n")
        for field in response.fields {
            append(field.name)
            append(": ")
            bytes.append(contentsOf: field.value.utf8.lazy.map { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F ? 0x20 : $0 })
            append("\r\n")
        }
        if response.status != 304, response.status != 204 {  // RFC 9110 §8.6
            append("Content-Length: ")
            append(String(response.body.count))
            append("\r\n")
        }
        if !response.fields.contains(where: { $0.name == "Date" }) {
            append("Date: ")
            bytes.append(contentsOf: date)
            append("\r\n")
        }
        append(closes ? "Connection: close\r\n\r\n" : "\r\n")
        if !omitsBody, response.status != 304 { bytes.append(contentsOf: response.body) }
    }

    /// The reason phrases of RFC 9110 §15 and RFC 6585.
    public static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 202: "Accepted"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}
