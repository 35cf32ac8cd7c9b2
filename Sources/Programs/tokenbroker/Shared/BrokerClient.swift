import ArgumentParser
import BrokerDaemon
import Glibc
import HTTPTypes
import JSON
import LocalHTTP
import OutboundHTTP
import Secrets
import Time

/// A client of the running daemon.
///
/// `TOKENBROKER_URL` is the daemon's address, `http://127.0.0.1:8653` or `unix:/path`; the default is the usual unix socket, else
/// the usual TCP address. `TOKENBROKER_KEY_FILE` is the file with the client key.
struct BrokerClient {
    /// Where the shipped configuration puts the daemon's unix socket.
    static let defaultSocket = "/run/tokenbroker/api.sock"

    /// The daemon's usual unix socket where this user may connect to it, else its usual TCP address.
    private static var defaultAddress: String {
        unsafe access(defaultSocket, R_OK | W_OK) == 0 ? "unix:\(defaultSocket)" : "http://127.0.0.1:8653"
    }

    private let transport: CurlTransport
    private let base: String
    private let socket: String?
    private let key: Secret?

    /// - Parameter isQuiet: says nothing where the environment is wrong, as for a shell that completes a name.
    init(isQuiet: Bool = false) async throws {
        let environment = ProcessEnvironment.all
        let given = environment["TOKENBROKER_URL"].flatMap { $0.isEmpty ? nil : $0 }
        // The daemon listens on loopback addresses alone; a name could lead elsewhere.
        let address = (given ?? Self.defaultAddress).replacing("http://localhost", with: "http://127.0.0.1", maxReplacements: 1)
        if address.hasPrefix("unix:") {
            socket = String(address.dropFirst(5))
            base = "http://127.0.0.1"
        } else {
            socket = nil
            base = address.hasSuffix("/") ? String(address.dropLast()) : address
            guard base.hasPrefix("http://") else {
                if !isQuiet {
                    explain("tokenbroker: TOKENBROKER_URL is \(address); it must be http://127.0.0.1:8653 or unix:/path: the daemon speaks no TLS")
                }
                throw ProgramExit.usage
            }
        }
        transport = CurlTransport(clocks: SystemClocks(), userAgent: "tokenbroker/\(Version.current)")
        guard let path = environment["TOKENBROKER_KEY_FILE"] else {
            key = nil
            return
        }
        do throws(SecretFault) {
            key = try await SystemSecretSource(environment: environment).read(.file(path: path, isShared: false))
        } catch {
            if !isQuiet {
                explain("tokenbroker: TOKENBROKER_KEY_FILE: \(error.place): \(error.problem.replacing(", or accept it with shared: true", with: ""))")
            }
            throw ProgramExit.noInput
        }
    }

    /// Sends a request and returns the reply, whose status is below 400.
    ///
    /// - Throws: an exit code, after the problem was reported on standard error.
    ///
    /// - Parameter taking: statuses that are no failures here.
    /// - Parameter time: for the whole answer; longer than a login takes where the daemon waits for one.
    func send(
        _ method: HTTPRequest.Method, _ path: String, accept: String = "application/json", body: [UInt8]? = nil, time: Duration = .seconds(45),
        taking: Set<Int> = []
    ) async throws -> PartnerReply {
        do throws(BrokerFailure) {
            return try await attempt(method, path, accept: accept, body: body, time: time, taking: taking)
        } catch {
            if let json = error.json, CommandLine.arguments.contains("--json") { print(json.jsonText) }
            explain("tokenbroker: \(error.text)")
            throw error.code
        }
    }

    /// As `send`, without reporting a failure.
    func attempt(
        _ method: HTTPRequest.Method, _ path: String, accept: String = "application/json", body: [UInt8]? = nil, time: Duration = .seconds(45),
        taking: Set<Int> = []
    ) async throws(BrokerFailure) -> PartnerReply {
        var connection = ConnectionSettings()
        connection.unixSocket = socket
        connection.time = time
        var fields = HTTPFields()
        fields[.accept] = accept
        if let key {
            try checkListener()
            fields[.authorization] = "Bearer \(key.exposedText)"
        }
        if body != nil { fields[.contentType] = "application/json" }
        var request = OutboundRequest(method: method, url: base + path, fields: fields, body: body, connection: connection)
        // The status of a hundred thousand tokens takes some 50 MB.
        request.largestBody = 256 << 20
        let reply: PartnerReply
        do throws(TransportFault) {
            reply = try await transport.send(request)
        } catch {
            // libcurl names the host of the URL, which means nothing over a unix socket.
            let place = socket.map { "unix:\($0)" } ?? base
            let reason =
                switch error.kind {
                case .timedOut: " within \(DurationSyntax.words(time)); `systemctl status tokenbroker` says what it does"
                case .unreachable where socket != nil: "; is it running, and may this user connect?"
                default: ": \(error.reason); is it running, and does TOKENBROKER_URL name its address?"
                }
            let text = "the daemon at \(place) does not answer\(reason)"
            throw BrokerFailure(ProgramExit.unavailable, text, json: .object(["title": "No answer", "detail": .string(text)]))
        }
        guard reply.status >= 400, !taking.contains(reply.status) else { return reply }
        throw failure(reply)
    }

    /// Asks the kernel who listens at the TCP address before a key is sent there: while the daemon is down, any user of this host can.
    ///
    /// - Throws: unless it is root, this user or the service's.
    private func checkListener() throws(BrokerFailure) {
        guard socket == nil, let address = SocketAddress(loopback: base.replacing("http://", with: "")), var diagnosis = SocketDiagnosis(),
            let owner = diagnosis.listener(at: address)?.user
        else { return }
        let service = unsafe getpwnam("tokenbroker").map { unsafe $0.pointee.pw_uid }
        guard owner != 0, owner != geteuid(), owner != service else { return }
        throw BrokerFailure(
            ProgramExit.noPermission, "uid \(owner) listens at \(base), which is neither root, this user nor tokenbroker; no key was sent")
    }

    func json(_ method: HTTPRequest.Method, _ path: String, body: [UInt8]? = nil, time: Duration = .seconds(45)) async throws -> JSONValue {
        JSONValue(parsing: try await send(method, path, body: body, time: time).body) ?? .null
    }

    /// What the daemon knows already; it never waits for a partner.
    func known(_ path: String) async throws -> JSONValue { try await json(.get, path, time: .seconds(5)) }

    /// What a refused request says, and the exit code for it.
    private func failure(_ reply: PartnerReply) -> BrokerFailure {
        let problem = JSONValue(parsing: reply.body)
        guard let problem, let title = problem["title"]?.text else {
            let place = socket.map { "unix:\($0)" } ?? base
            return BrokerFailure(ProgramExit.unavailable, "what answers at \(place) is not the daemon (status \(reply.status)); see TOKENBROKER_URL")
        }
        let detail = Self.isRepeated(title, in: problem["detail"]?.text ?? "") ? "" : ": \(problem["detail"]?.text ?? "")"
        let hint =
            reply.status == 401
            ? key == nil ? "; TOKENBROKER_KEY_FILE names the file with the client's key" : "; the key is that of TOKENBROKER_KEY_FILE" : ""
        let retry = problem["retry_after"]?.integerValue.map { "; try again in \(DurationSyntax.words(.seconds($0)))" } ?? ""
        let text = "\(detail.isEmpty ? problem["detail"]?.text ?? title : title + detail)\(hint)\(retry)"
        return BrokerFailure(Self.exitCode(reply.status, problem["type"]?.text), text, json: problem)
    }

    private static func exitCode(_ status: Int, _ type: String?) -> ExitCode {
        switch type {
        case "/problems/reload-refused": return ProgramExit.configuration
        case "/problems/bad-partner-reply": return ProgramExit.dataFault
        default: break
        }
        return switch status {
        case 401, 403: ProgramExit.noPermission
        case 429, 503, 504: ProgramExit.temporaryFailure
        case 400, 404, 405, 409: ProgramExit.usage
        default: ProgramExit.unavailable
        }
    }

    /// Whether the detail begins with what the title says.
    private static func isRepeated(_ title: String, in detail: String) -> Bool { detail.lowercased().hasPrefix(title.lowercased()) }

    /// A path with its segments percent-encoded.
    static func path(_ segments: String..., query: [(String, String)] = []) -> String {
        let path = segments.map { "/" + encoded($0) }.joined()
        let pairs = query.map { "\(encoded($0.0))=\(encoded($0.1))" }
        return pairs.isEmpty ? path : "\(path)?\(pairs.joined(separator: "&"))"
    }

    private static func encoded(_ text: String) -> String { String(decoding: PercentEncoding.encode(text.utf8), as: UTF8.self) }
}
