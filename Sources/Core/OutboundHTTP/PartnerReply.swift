package import HTTPTypes
package import Time

/// A partner's complete answer, with any status.
package struct PartnerReply: Sendable {
    package var status: Int
    package var fields: HTTPFields
    package var body: [UInt8]
    /// Why the body cannot be read, though status and fields can; then it is empty.
    package var bodyProblem: String?
    /// When the request was sent, by both clocks, and when the answer was complete, by the wall clock.
    package var sentAt: BootInstant
    package var sentAtWall: WallTime
    package var receivedAtWall: WallTime
    /// The end of the server's certificate, where the request asked for it and the connection has one.
    package var certificateEnd: WallTime?

    /// The first field line of this name: a doubled field is not a list (RFC 9110 §5.3).
    package func first(_ name: HTTPField.Name) -> String? { fields[fields: name].first?.value }

    /// All field lines of this name.
    package func lines(_ name: HTTPField.Name) -> [String] { fields[fields: name].map(\.value) }

    /// The value of a field that may occur once; empty where its lines contradict each other.
    package func sole(_ name: HTTPField.Name) -> String? {
        let lines = lines(name)
        return lines.allSatisfy { $0 == lines.first } ? lines.first : ""
    }

    package init(status: Int, fields: HTTPFields, body: [UInt8], sentAt: BootInstant, sentAtWall: WallTime, receivedAtWall: WallTime) {
        self.status = status
        self.fields = fields
        self.body = body
        self.sentAt = sentAt
        self.sentAtWall = sentAtWall
        self.receivedAtWall = receivedAtWall
    }
}
