import FoundationEssentials
import LocalHTTP

/// A partner's answer.
package struct SandboxReply: Sendable {
    package var status: Int
    package var contentType: String
    package var body: String
    package var headers: [(name: String, value: String)] = []

    init(_ status: Int, _ body: String, contentType: String = "application/json", headers: [(name: String, value: String)] = []) {
        self.status = status
        self.body = body
        self.contentType = contentType
        self.headers = headers
    }

    /// A reply whose body is a JSON object with these members, in order.
    static func json(_ status: Int, _ members: [(String, SandboxJSON)]) -> SandboxReply {
        SandboxReply(status, SandboxJSON.object(members).text)
    }

    var response: Response {
        Response(status: status, fields: [("Content-Type", contentType)] + headers, body: Array(body.utf8))
    }
}
