/// An answer as a value: for everything that is not answered from rendered bytes.
package struct Response: Sendable {
    package var status: Int
    /// Field lines in order, without Content-Length and Connection: the writer adds them, and Date where it is missing.
    package var fields: [(name: String, value: String)]
    package var body: [UInt8]
    /// The connection ends with this answer.
    package var closes = false

    package init(status: Int, fields: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}
