/// A response as a value, for everything that is not answered from rendered bytes.
public struct Response: Sendable {
    public var status: Int
    /// The field lines in order, without Content-Length and Connection: the writer adds those, and Date where it is missing.
    public var fields: [(name: String, value: String)]
    public var body: [UInt8]
    /// Whether the connection is closed after this response.
    public var closes = false
    /// How long the connection is not read after this response, in nanoseconds: its peer exceeded a rate.
    public var pause: Int64 = 0

    public init(status: Int, fields: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        self.body = body
    }
}
