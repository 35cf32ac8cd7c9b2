import CCurl
import Files
import Glibc
import HTTPTypes
import Secrets
import Time

/// A request in progress in libcurl: its handle, what was received so far, and the continuation of its caller.
///
/// `@unchecked Sendable`: one thread creates it and hands it to the curl queue; from then on it is used only there, and libcurl
/// calls back on that queue.
@safe final class CurlTransfer: @unchecked Sendable {
    let number: UInt64
    let request: OutboundRequest
    let continuation: CheckedContinuation<Result<PartnerReply, TransportFault>, Never>
    private let allowsLinkLocal: Bool
    private(set) var handle: UnsafeMutableRawPointer?
    private var lines: UnsafeMutablePointer<curl_slist>?
    private let sentBody: UnsafeMutableBufferPointer<UInt8>
    private let errorText: UnsafeMutablePointer<CChar>
    private let refused: UnsafeMutablePointer<curl_refused_certificate>

    private var status = 0
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var excess: String?
    private var early: String?
    /// The sockets that libcurl opened, one for each address it tried.
    private var sockets: [Int32] = []
    private var isHeaderComplete = false
    private var refusedAddress: String?
    private var certificateEnd: WallTime?
    private var sentAt = BootInstant(nanoseconds: 0)
    private var sentAtWall = WallTime(nanoseconds: 0)

    init(
        number: UInt64, request: OutboundRequest, continuation: CheckedContinuation<Result<PartnerReply, TransportFault>, Never>,
        allowsLinkLocal: Bool
    ) {
        self.number = number
        self.request = request
        self.continuation = continuation
        self.allowsLinkLocal = allowsLinkLocal
        let body = request.body ?? []
        unsafe sentBody = .allocate(capacity: max(1, body.count))
        unsafe sentBody.initialize(repeating: 0)
        for (index, byte) in body.enumerated() { unsafe sentBody[index] = byte }
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        unsafe refused = .allocate(capacity: 1)
        unsafe refused.initialize(to: curl_refused_certificate())
    }

    deinit {
        if let handle = unsafe handle { unsafe curl_easy_cleanup(handle) }
        unsafe curl_slist_free_all(lines)
        for index in unsafe sentBody.indices { unsafe sentBody[index] = 0 }
        unsafe sentBody.deallocate()
        unsafe errorText.deallocate()
        unsafe refused.deallocate()
    }

    /// Creates the handle, with every bound and check of an untrusted peer.
    func prepare(userAgent: String, clocks: any Clocks) throws(TransportFault) {
        guard let handle = unsafe curl_easy_init() else { throw TransportFault(.unreachable, "libcurl is out of memory") }
        unsafe self.handle = unsafe handle
        let connection = request.connection
        try checkFiles(connection)
        let isTLS = request.url.hasPrefix("https://")
        unsafe curl_set_text(handle, CURLOPT_URL, request.url)
        unsafe curl_set_text(handle, CURLOPT_PROTOCOLS_STR, isTLS ? "https" : "http")
        unsafe curl_set_text(handle, CURLOPT_USERAGENT, userAgent)
        unsafe curl_set_text(handle, CURLOPT_PROXY, connection.proxy ?? "")
        unsafe curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        // Bytes on an idle connection are nobody's answer; libcurl 7.88 takes them for the next request's.
        unsafe curl_set_long(handle, CURLOPT_FRESH_CONNECT, 1)
        unsafe curl_set_long(handle, CURLOPT_FORBID_REUSE, 1)
        unsafe curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        unsafe curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        // Looking up a name may take the whole time, since a second name server has its turn 5 s after the first (resolv.conf(5)). The
        // look-up's thread is never joined: it ends by itself, and a name that never resolves delays no other transfer.
        unsafe curl_set_long(handle, CURLOPT_QUICK_EXIT, 1)
        unsafe curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, Int((connection.connectTime ?? connection.time).nanoseconds / 1_000_000))
        unsafe curl_set_long(handle, CURLOPT_TIMEOUT_MS, request.sink == nil ? Int(connection.time.nanoseconds / 1_000_000) : 0)
        if request.sink != nil {
            unsafe curl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
            unsafe curl_set_long(handle, CURLOPT_TCP_KEEPIDLE, 5)
            unsafe curl_set_long(handle, CURLOPT_TCP_KEEPINTVL, 2)
        }
        unsafe curl_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        unsafe curl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1)
        unsafe curl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2)
        unsafe curl_set_refused_certificate(handle, refused)
        if let authorities = connection.authorities { unsafe curl_set_text(handle, CURLOPT_CAINFO, authorities) }
        if let certificate = connection.certificate { unsafe curl_set_text(handle, CURLOPT_SSLCERT, certificate) }
        if let key = connection.key { unsafe curl_set_text(handle, CURLOPT_SSLKEY, key) }
        // Without a passphrase OpenSSL would ask the terminal for that of an encrypted key.
        unsafe curl_set_text(handle, CURLOPT_KEYPASSWD, String(decoding: request.passphrase ?? [], as: UTF8.self))
        if let path = connection.unixSocket { unsafe curl_set_text(handle, CURLOPT_UNIX_SOCKET_PATH, path) }
        unsafe curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        unsafe setBody(handle)
        unsafe setFields(handle)
        unsafe setCallbacks(handle)
        sentAt = clocks.boot
        sentAtWall = clocks.wall
    }

    /// Checks the files: libcurl would report a missing one as a TLS failure, but the fault is local, and one that is a pipe would hold every
    /// transfer.
    private func checkFiles(_ connection: ConnectionSettings) throws(TransportFault) {
        if let problem = connection.fileProblems.first { throw TransportFault(.unusable, problem) }
    }

    private func setBody(_ handle: UnsafeMutableRawPointer) {
        if request.body != nil {
            unsafe curl_set_long(handle, CURLOPT_POST, 1)
            unsafe curl_set_long(handle, CURLOPT_POSTFIELDSIZE, request.body?.count ?? 0)
            unsafe curl_set_pointer(handle, CURLOPT_POSTFIELDS, sentBody.baseAddress)
        }
        if request.method == .head { unsafe curl_set_long(handle, CURLOPT_NOBODY, 1) }
        unsafe curl_set_text(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    }

    private func setFields(_ handle: UnsafeMutableRawPointer) {
        var lines = ["Expect:"]  // no 100-continue, since a login is small
        if request.fields[.contentType] == nil { lines.append("Content-Type:") }
        // libcurl drops a line "Name:" without a value; "Name;" sends it empty.
        lines += request.fields.map { $0.value.isEmpty ? "\($0.name.rawName);" : "\($0.name.rawName): \($0.value)" }
        for line in lines { unsafe self.lines = unsafe curl_slist_append(self.lines, line) }
        unsafe curl_set_list(handle, CURLOPT_HTTPHEADER, self.lines)
    }

    private func setCallbacks(_ handle: UnsafeMutableRawPointer) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        unsafe curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        unsafe curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
        unsafe curl_set_bytes_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, _, count, context in
            unsafe CurlTransfer.of(context)?.receiveBody(UnsafeRawBufferPointer(start: bytes, count: count)) == true ? count : 0
        }
        unsafe curl_set_bytes_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, _, count, context in
            unsafe CurlTransfer.of(context)?.receiveHeader(UnsafeRawBufferPointer(start: bytes, count: count)) == true ? count : 0
        }
        unsafe curl_set_pointer(handle, CURLOPT_PREREQDATA, context)
        unsafe curl_set_prerequest(handle) { context, _, _, _, _ in
            unsafe CurlTransfer.of(context)?.mayAsk() == true ? Int32(CURL_PREREQFUNC_OK) : Int32(CURL_PREREQFUNC_ABORT)
        }
        unsafe curl_set_opensocket(handle) { context, _, address in
            guard let transfer = unsafe CurlTransfer.of(context), let address = unsafe address else { return curl_socket_t(-1) }
            return unsafe transfer.openSocket(address)
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        unsafe context.map { unsafe Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Callbacks

    private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if let sink = request.sink {
            return unsafe sink(Array(bytes))
        }
        guard body.count + bytes.count <= request.largestBody else {
            excess = "the answer is larger than \(request.largestBody >> 20) MiB"
            return false
        }
        unsafe body.append(contentsOf: bytes)
        return true
    }

    private func receiveHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= ConnectionSettings.headerBytes else {
            excess = "the answer's header is larger than 64 KiB"
            return false
        }
        // A status line also follows an interim answer or a proxy's.
        if unsafe bytes.starts(with: "HTTP/".utf8) {
            isHeaderComplete = false
        } else if unsafe bytes.count <= 2 && bytes.last == 0x0A {
            isHeaderComplete = true
        }
        return true
    }

    /// The field lines of the answer's header: not of an interim answer's, not of a proxy's, and not the trailers
    /// (curl_easy_nextheader(3)).
    private var fields: HTTPFields {
        var fields = HTTPFields()
        var previous: UnsafeMutablePointer<curl_header>?
        while let header = unsafe curl_easy_nextheader(handle, UInt32(CURLH_HEADER), -1, previous) {
            unsafe previous = header
            guard let name = HTTPField.Name(unsafe String(cString: header.pointee.name)) else { continue }
            fields.append(HTTPField(name: name, value: unsafe String(cString: header.pointee.value)))
        }
        return fields
    }

    private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let target = unsafe withUnsafeMutablePointer(to: &address.pointee.addr) { unsafe AddressRule.bytes($0) }
        if !allowsLinkLocal, let problem = target.flatMap(AddressRule.problem) {
            refusedAddress = problem
            return curl_socket_t(-1)
        }
        let descriptor = unsafe socket(address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
        sockets.append(descriptor)
        return descriptor
    }

    /// Whether the request may be sent: what the peer has sent before it is nobody's answer.
    private func mayAsk() -> Bool {
        if request.notesCertificate {
            let seconds = unsafe curl_certificate_end(handle)
            if seconds > 0 { certificateEnd = WallTime(seconds: seconds) }
        }
        // Of several sockets it is not known which one is left.
        guard sockets.count == 1, unsafe curl_has_early_bytes(handle, sockets[0]) != 0 else { return true }
        early = "the partner answered before it was asked"
        return false
    }

    // MARK: Outcome

    /// Translates libcurl's result (libcurl-errors(3)).
    func outcome(_ code: CURLcode, clocks: any Clocks) -> Result<PartnerReply, TransportFault> {
        guard code == CURLE_OK else { return .failure(failure(code)) }
        // libcurl treats a connection closed within the header as an answer without a body.
        guard isHeaderComplete else { return .failure(TransportFault(.unreachable, "the connection was closed within the answer's header")) }
        var status = 0
        unsafe curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        let fields = fields
        var reply = PartnerReply(
            status: status, fields: fields, body: body, sentAt: sentAt, sentAtWall: sentAtWall, receivedAtWall: clocks.wall)
        reply.certificateEnd = certificateEnd
        guard request.sink == nil else { return .success(reply) }
        do throws(TransportFault) {
            let read = try AnswerBody(body, status: status, fields: fields, method: request.method)
            (reply.body, reply.bodyProblem) = (read.bytes, read.problem)
            return .success(reply)
        } catch {
            return .failure(error)
        }
    }

    /// Which certificate was refused, and what to a plain port was said in TLS.
    private func tlsProblem(_ reason: String) -> String {
        // OpenSSL takes the answer of a server that does not speak TLS for a record of another version.
        if reason.contains("wrong version number") || reason.contains("packet length too long") {
            return "what answered does not speak TLS; is it an http:// address, or another port?"
        }
        let certificate = unsafe refused.pointee
        let subject = Self.text(of: certificate.subject)
        guard !subject.isEmpty else { return reason.lowercasingFirst }
        let whose = certificate.depth == 0 ? "the server's certificate" : "the authority's certificate"
        return
            "\(reason.lowercasingFirst): \(whose) \(subject), valid from \(Self.text(of: certificate.since)) to \(Self.text(of: certificate.until))"
    }

    /// The text of a C array, which a NUL ends.
    private static func text<Characters>(of characters: Characters) -> String {
        unsafe withUnsafeBytes(of: characters) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private func failure(_ code: CURLcode) -> TransportFault {
        if let excess { return TransportFault(.unreadable, excess) }
        if let early { return TransportFault(.unreachable, early) }
        if let refusedAddress { return TransportFault(.unreachable, refusedAddress) }
        let detail = unsafe String(cString: errorText)
        let reason = detail.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : detail
        var proxyStatus = 0
        unsafe curl_get_long(handle, CURLINFO_HTTP_CONNECTCODE, &proxyStatus)
        if proxyStatus == 407 { return TransportFault(.untrusted, "the proxy requires authentication (status 407)", status: 407) }
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            return TransportFault(.timedOut, reason.lowercasingFirst)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return TransportFault(.untrusted, tlsProblem(reason))
        case CURLE_SSL_CERTPROBLEM: return TransportFault(.unusable, keyProblem)
        case CURLE_SSL_CACERT_BADFILE, CURLE_URL_MALFORMAT: return TransportFault(.unusable, reason.lowercasingFirst)
        // What answers is no partner: a port that another program has taken, or a gateway that is being restarted.
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL: return TransportFault(.unreachable, "what answered does not speak HTTP")
        case CURLE_OUT_OF_MEMORY: return TransportFault(.unreadable, "a line of the answer's header is too long")
        default:
            return TransportFault(.unreachable, reason.lowercasingFirst)
        }
    }
}

extension CurlTransfer {
    /// Why the client certificate and its key cannot be used; OpenSSL says the same for all reasons.
    private var keyProblem: String {
        let connection = request.connection
        let problem = ClientKey.problem(key: connection.key ?? "", certificate: connection.certificate ?? "", passphrase: request.passphrase)
        return problem ?? "the client certificate or key cannot be used"
    }
}

extension String {
    /// The text with a lower-case first letter, unless the first word is a name with another capital (SSL, OpenSSL).
    fileprivate var lowercasingFirst: String {
        guard let first, !dropFirst().prefix(while: { $0 != " " }).contains(where: \.isUppercase) else { return self }
        return first.lowercased() + dropFirst()
    }
}
