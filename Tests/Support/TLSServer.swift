import CTLS
import Foundation
import Glibc
import Synchronization

/// A private CA made on the spot, and certificates of it.
package struct TestAuthority: Sendable {
    package let folder: String
    package var certificate: String { "\(folder)/ca.pem" }

    package init() throws {
        folder = try TestFiles.lasting()
        try openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=test ca",
            "-keyout", "\(folder)/ca.key", "-out", "\(folder)/ca.pem")
    }

    package func remove() { TestFiles.remove(folder) }

    /// A certificate for a name, valid or expired; the paths of certificate and key.
    package func issue(_ name: String, for host: String, isExpired: Bool = false) throws -> (certificate: String, key: String) {
        let (key, request, certificate) = ("\(folder)/\(name).key", "\(folder)/\(name).csr", "\(folder)/\(name).pem")
        try openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=\(host)", "-keyout", key, "-out", request)
        try TestFiles.write("subjectAltName=\(host.first?.isNumber == true ? "IP" : "DNS"):\(host)\n", to: "\(folder)/\(name).ext")
        let days = isExpired ? ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"] : ["-days", "2"]
        if isExpired {
            // `openssl x509` of OpenSSL 3.0 cannot date a certificate back; `openssl ca` can.
            try TestFiles.write("", to: "\(folder)/index.txt")
            try TestFiles.write(
                "[ca]\ndefault_ca=d\n[d]\ndatabase=\(folder)/index.txt\nnew_certs_dir=\(folder)\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n",
                to: "\(folder)/ca.cnf")
            try openssl(
                "ca", "-batch", "-config", "\(folder)/ca.cnf", "-cert", "\(folder)/ca.pem", "-keyfile", "\(folder)/ca.key", "-in", request, "-out",
                certificate, "-notext", "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-extfile", "\(folder)/\(name).ext")
        } else {
            try openssl(
                [
                    "x509", "-req", "-in", request, "-CA", "\(folder)/ca.pem", "-CAkey", "\(folder)/ca.key", "-CAcreateserial", "-out", certificate,
                    "-extfile", "\(folder)/\(name).ext",
                ] + days)
        }
        return (certificate, key)
    }

    private func openssl(_ arguments: String...) throws { try openssl(arguments) }

    private func openssl(_ arguments: [String]) throws {
        let result = try TestFiles.run("/usr/bin/openssl", arguments)
        guard result.status == 0 else { throw TestFailure("openssl \(arguments[0]): \(result.errors)") }
    }
}

package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A real TLS server on loopback that answers every request with the same bytes, in one of the ways partners fail.
///
/// `@unchecked Sendable`: the context is made in `init` and freed in `deinit`; libssl locks it itself.
@safe package final class TLSServer: @unchecked Sendable {
    package enum Manner: Sendable {
        case whole
        /// A byte at a time, this many milliseconds apart.
        case dripping(milliseconds: Int)
        /// Half of it, then the connection is gone.
        case cut
        /// Nothing at all.
        case silent
    }

    private let context: OpaquePointer
    private let listener: LoopbackListener
    private let answer: [UInt8]
    private let manner: Manner
    private let seen = Mutex<[String]>([])
    package var port: UInt16 { listener.port }

    /// Heads of the requests that came.
    package var requests: [String] { seen.withLock { $0 } }
    package var url: String { "https://127.0.0.1:\(port)" }

    /// - Parameter onlyTLS11: speaks nothing newer; needs OpenSSL's security level 0.
    package init(
        _ certificate: (certificate: String, key: String), answer: String, manner: Manner = .whole, onlyTLS11: Bool = false,
        clientAuthority: String? = nil
    ) throws {
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { throw TestFailure("SSL_CTX_new") }
        unsafe self.context = context
        unsafe SSL_CTX_set_cipher_list(context, onlyTLS11 ? "ALL:@SECLEVEL=0" : "DEFAULT")
        if onlyTLS11 { _ = unsafe tls_set_version_range(context, 0x0301, 0x0302) }
        guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate.certificate) == 1,
            unsafe SSL_CTX_use_PrivateKey_file(context, certificate.key, SSL_FILETYPE_PEM) == 1
        else { throw TestFailure("certificate") }
        if let clientAuthority {
            unsafe SSL_CTX_load_verify_locations(context, clientAuthority, nil)
            unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        self.answer = Array(answer.utf8)
        self.manner = manner
        listener = try LoopbackListener()
        // The threads hold what they need, not the server: it ends with its owner.
        let (answer, seen) = (self.answer, Weak(self))
        let shared = unsafe Shared(context: context)
        listener.run { unsafe Self.serve($0, shared.context, answer, manner, seen) }
    }

    private final class Weak: @unchecked Sendable {
        private weak let server: TLSServer?
        init(_ server: TLSServer) { self.server = server }
        func note(_ head: String) { server?.seen.withLock { $0.append(head) } }
    }

    /// Keeps the context for as long as a thread may use it: for the life of the test process.
    @safe private struct Shared: @unchecked Sendable {
        let context: OpaquePointer
    }

    private static func serve(_ connection: Int32, _ context: OpaquePointer, _ answer: [UInt8], _ manner: Manner, _ seen: Weak) {
        defer { close(connection) }
        guard let session = unsafe SSL_new(context) else { return }
        defer { unsafe SSL_free(session) }
        unsafe SSL_set_fd(session, connection)
        guard unsafe SSL_accept(session) == 1 else { return }
        var request: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: request, as: UTF8.self).contains("\r\n\r\n") {
            let count = unsafe SSL_read(session, &buffer, Int32(buffer.count))
            guard count > 0 else { return }
            request += buffer[..<Int(count)]
        }
        seen.note(String(decoding: request, as: UTF8.self))
        switch manner {
        case .whole:
            _ = unsafe SSL_write(session, answer, Int32(answer.count))
            unsafe SSL_shutdown(session)
        case .cut:
            _ = unsafe SSL_write(session, answer, Int32(answer.count / 2))
        case .silent:
            _ = unsafe SSL_read(session, &buffer, Int32(buffer.count))
        case .dripping(let milliseconds):
            for byte in answer {
                guard unsafe SSL_write(session, [byte], 1) == 1 else { return }
                usleep(UInt32(milliseconds) * 1000)
            }
        }
    }
}
