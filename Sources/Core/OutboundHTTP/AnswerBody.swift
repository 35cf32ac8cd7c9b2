import HTTPTypes

/// The body of an answer as its framing fields describe it: what libcurl lets pass, and must not where a token is at stake.
struct AnswerBody: Equatable {
    var bytes: [UInt8]
    /// Why the bytes cannot be read, though status and fields can; nil for a body that is whole.
    var problem: String?

    /// - Parameter received: the body without its chunks, and otherwise as it was sent.
    /// - Throws: `TransportFault` if it was cut, or is too large once it is decompressed.
    init(_ received: [UInt8], status: Int, fields: HTTPFields, method: HTTPRequest.Method) throws(TransportFault) {
        bytes = received
        // These have no body, whatever their fields say (RFC 9112 §6.3).
        if method == .head || status == 204 || status == 304 || (100..<200).contains(status) { return }
        problem = try Self.framingProblem(received.count, fields)
        if problem == nil { problem = Self.partProblem(status, fields) }
        if problem == nil { problem = try decompress(fields.members(.contentEncoding).map { $0.lowercased() }) }
        if problem != nil { bytes = [] }
    }

    private static func framingProblem(_ count: Int, _ fields: HTTPFields) throws(TransportFault) -> String? {
        let codings = fields.members(.transferEncoding).map { $0.lowercased() }
        guard codings.isEmpty else { return codings == ["chunked"] ? nil : "the answer has a Transfer-Encoding other than chunked" }
        let lengths = Set(fields.members(.contentLength))
        guard let length = lengths.first else { return nil }
        guard lengths.count == 1, let stated = Int(length), length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return "the answer states more than one length, or one that is no number"
        }
        guard stated == count else { throw TransportFault(.unreachable, "the answer was cut: \(count) of \(stated) bytes") }
        return nil
    }

    private static func partProblem(_ status: Int, _ fields: HTTPFields) -> String? {
        status != 416 && fields[.contentRange] != nil ? "the answer is a part of one (Content-Range)" : nil
    }

    /// Undoes the codings, the last one first (RFC 9110 §8.4). None is asked for, but some servers compress all the same.
    private mutating func decompress(_ codings: [String]) throws(TransportFault) -> String? {
        for coding in codings.reversed() {
            switch coding {
            case "gzip", "x-gzip":
                guard try inflate([.gzip]) else { return "the answer is not \(coding), as it says" }
            case "deflate":
                // RFC 9110 §8.4.1.2: the zlib format; some servers leave its wrapper out.
                guard try inflate([.zlib, .raw]) else { return "the answer is not deflate, as it says" }
            case "br", "zstd", "compress", "x-compress", "dcb", "dcz", "aes128gcm", "exi", "pack200-gzip":
                return "the answer is compressed with \(coding), which was not asked for"
            // "identity", "none", a character set: no coding at all.
            default: continue
            }
        }
        return nil
    }

    /// - Returns: false if the bytes are in none of the formats.
    private mutating func inflate(_ formats: [Inflation.Format]) throws(TransportFault) -> Bool {
        if bytes.isEmpty { return true }
        for format in formats {
            do throws(Inflation.Problem) {
                bytes = try Inflation.inflate(bytes, format, limit: ConnectionSettings.bodyBytes)
                return true
            } catch {
                switch error {
                case .broken: continue
                case .cut: throw TransportFault(.unreachable, "the compressed answer was cut")
                case .tooLarge: throw TransportFault(.unreadable, "the answer is larger than 1 MiB once decompressed")
                }
            }
        }
        return false
    }
}
