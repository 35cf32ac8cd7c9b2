import Foundation
import HTTPTypes
import Secrets
import TestSupport
import Testing

@testable import OutboundHTTP

/// What is taken for the body of an answer.
@Suite struct AnswerBodyTests {
    /// "{\"token\":\"abc\"}" by gzip(1) and as zlib and raw deflate of Python's zlib.
    static let plain = Array(#"{"token":"abc"}"#.utf8)
    static let gzip = "H4sIAAAAAAACA6tWKsnPTs1TslJKTEpWqgUAcsau2A8AAAA="
    static let zlib = "eNqrVirJz07NU7JSSkxKVqoFAClqBQI="
    /// 64 KiB of zeros, by gzip.
    static let zeros =
        "H4sIAAAAAAACA+3BAQEAAACAkP6v7ggKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAauuOl9cAAAEA"
    static let raw = "q1Yqyc9OzVOyUkpMSlaqBQA="

    private func read(_ body: [UInt8], status: Int = 200, method: HTTPRequest.Method = .post, _ fields: [(String, String)]) throws(TransportFault)
        -> AnswerBody
    {
        var all = HTTPFields()
        for (name, value) in fields { all.append(HTTPField(name: HTTPField.Name(name) ?? .date, value: value)) }
        return try AnswerBody(body, status: status, fields: all, method: method)
    }

    @Test(arguments: [
        [("Content-Length", "15")], [], [("Content-Length", "15"), ("Content-Length", "15")], [("Content-Length", "15, 15")],
        [("Transfer-Encoding", "chunked")], [("Transfer-Encoding", "Chunked"), ("Content-Length", "99")], [("Content-Encoding", "identity")],
        [("Content-Encoding", "none")], [("Content-Encoding", "")], [("Content-Encoding", "identity, identity")], [("Content-Encoding", "UTF-8")],
    ])
    func `a plain body is taken as it is`(fields: [(String, String)]) throws {
        #expect(try read(Self.plain, fields).bytes == Self.plain)
    }

    @Test(arguments: [
        [("Transfer-Encoding", "gzip, chunked")], [("Transfer-Encoding", "gzip"), ("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "identity")],
        [("Transfer-Encoding", "deflate, chunked")], [("Transfer-Encoding", "identity"), ("Content-Length", "90")],
        [("Content-Length", "15"), ("Content-Length", "90")], [("Content-Length", "15, 90")], [("Content-Length", "0x0f")],
        [("Content-Length", "-15")],
        [("Content-Range", "bytes 0-14/90")], [("Content-Encoding", "br")], [("Content-Encoding", "zstd")], [("Content-Encoding", "gzip")],
        [("Content-Encoding", "deflate")],
    ])
    func `status and fields of a body that cannot be read count`(fields: [(String, String)]) throws {
        let body = try read(Self.plain, fields)
        #expect(body.bytes.isEmpty && body.problem != nil)
    }

    @Test(arguments: [
        (HTTPRequest.Method.head, 200), (.get, 204), (.get, 304),
    ])
    func `an answer without a body states the length of another`(method: HTTPRequest.Method, status: Int) throws {
        #expect(try read([], status: status, method: method, [("Content-Length", "90")]) == read([], status: status, method: method, []))
    }

    @Test(arguments: [("gzip", gzip), ("x-gzip", gzip), ("GZIP", gzip), ("deflate", zlib), ("deflate", raw), ("identity, gzip", gzip)])
    func `a compressed body is read, and a cut one is a passing failure`(coding: String, text: String) throws {
        let bytes = try #require(Data(base64Encoded: text)).map { $0 }
        #expect(try read(bytes, [("Content-Encoding", coding)]).bytes == Self.plain)
        for count in 1..<bytes.count where count < bytes.count - (coding == "deflate" ? 1 : 0) {
            let fault = try #require(throws: TransportFault.self) { try read(Array(bytes[..<count]), [("Content-Encoding", coding)]) }
            #expect(fault.kind == .unreachable, "\(count)")
        }
    }

    @Test func `a damaged or endless compressed body is none`() throws {
        var bytes = try #require(Data(base64Encoded: Self.gzip)).map { $0 }
        #expect(try read(bytes + bytes, [("Content-Encoding", "gzip")]).bytes == Self.plain + Self.plain)
        #expect(try read(bytes + [1, 2], [("Content-Encoding", "gzip")]).problem != nil)
        bytes[bytes.count - 6] ^= 1
        #expect(try read(bytes, [("Content-Encoding", "gzip")]).problem != nil)
        let part = try #require(Data(base64Encoded: Self.zeros)).map { $0 }
        let bomb = Array(repeatElement(part, count: 17).joined())
        let fault = try #require(throws: TransportFault.self) { try read(bomb, [("Content-Encoding", "gzip")]) }
        #expect(fault.kind == .unreadable)
    }
}
