import BrokerDaemon
import Configuration
import Diagnosis
import Glibc
import HTTPTypes
import JSON
import OutboundHTTP
import Time

/// The daemon that runs with a configuration: its version and whether it is ready.
struct RunningDaemon {
    private let transport: any HTTPTransport
    private let name: String
    private let base: String
    private let socket: String?

    /// Of the configuration that is diagnosed.
    private let path: String
    private let key: String?

    /// Asks at the configuration's unix socket, else at its first address.
    ///
    /// - Parameter key: a client's, for a caller that the kernel does not name.
    init?(_ configuration: BrokerConfiguration, path: String, key: String?, transport: any HTTPTransport) {
        guard
            let listener = configuration.listeners.first(where: { if case .unix = $0.address { true } else { false } })
                ?? configuration.listeners.first
        else { return nil }
        (self.transport, self.path, self.key) = (transport, path, key)
        switch listener.address {
        case .tcp(let text): (name, base, socket) = (text, "http://\(text)", nil)
        case .unix(let path, _, _): (name, base, socket) = ("unix:\(path)", "http://127.0.0.1", path)
        }
    }

    func findings() async -> [Finding] {
        let description: PartnerReply
        do throws(TransportFault) {
            description = try await ask("/openapi.json")
        } catch {
            if error.kind == .timedOut {
                return [
                    Finding(
                        .fault, "daemon", "what listens at \(name) does not answer within 5 s",
                        mend: "systemctl restart tokenbroker; journalctl -u tokenbroker says what it was doing")
                ]
            }
            return [
                Finding(
                    .fault, "daemon", "nothing answers at \(name)",
                    mend: "systemctl start tokenbroker, or without systemd: tokenbroker serve --config \(path)")
            ]
        }
        guard description.status == 200, let version = JSONValue(parsing: description.body)?["info"]?["version"]?.text else {
            return [
                Finding(
                    .fault, "daemon", "what answers at \(name) is not tokenbroker (status \(description.status))",
                    mend: "stop that program, or give another address under listen")
            ]
        }
        return [self.version(version)] + (await readiness()) + (await overview())
    }

    private func version(_ version: String) -> Finding {
        if version == Version.current { return Finding(.ok, "daemon", "version \(version) answers at \(name)") }
        return Finding(
            .warning, "daemon", "version \(version) runs, and this program is \(Version.current)",
            mend: "systemctl restart tokenbroker; restored tokens are served at once")
    }

    private func readiness() async -> [Finding] {
        guard let ready = try? await ask("/readyz") else { return [] }
        if ready.status == 200 { return [Finding(.ok, "readiness", "every required token is usable")] }
        let problem = JSONValue(parsing: ready.body)?["detail"]?.text ?? "not ready"
        return [Finding(.fault, "readiness", problem, mend: "the lines of the tokens, or tokenbroker status, say why")]
    }

    /// What needs the permission admin: the configuration that it runs with, and each token in trouble.
    private func overview() async -> [Finding] {
        guard let reply = try? await ask("/v1/overview?limit=100"), reply.status == 200, let overview = JSONValue(parsing: reply.body),
            case .array(let tokens)? = overview["tokens"]
        else {
            return [Finding(.ok, "tokens", "not shown: that needs a caller with the permission admin (root, or TOKENBROKER_KEY_FILE)")]
        }
        let troubled = tokens.compactMap(Self.trouble)
        let well = Finding(.ok, "tokens", "none in trouble of \(overview["tokens_total"]?.scalarText ?? "")")
        return configuration(overview["reload"]) + (troubled.isEmpty ? [well] : troubled)
    }

    private func configuration(_ reload: JSONValue?) -> [Finding] {
        if let fault = reload?["fault"]?.text {
            return [Finding(.fault, "reload", "the last one was refused: \(fault)", mend: "mend it, then tokenbroker reload")]
        }
        guard let running = reload?["path"]?.text, let applied = reload?["at"]?.text.flatMap({ CalendarTime.parseRFC3339($0) }) else { return [] }
        guard Self.isSame(running, path) else {
            return [Finding(.warning, "reload", "the daemon runs with \(running), not with \(path)", mend: "tokenbroker doctor --config \(running)")]
        }
        var status = stat()
        guard unsafe stat(path, &status) == 0, Int64(status.st_mtim.tv_sec) > applied.nanoseconds / 1_000_000_000 + 1 else { return [] }
        return [Finding(.warning, "reload", "\(path) has changed since the daemon read it", mend: "tokenbroker reload")]
    }

    /// Whether two paths lead to the same file.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        guard unsafe stat(one, &first) == 0, unsafe stat(other, &second) == 0 else { return true }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    private static func trouble(_ token: JSONValue) -> Finding? {
        let (name, state, reason) = (StatusTable.name(token), token["state"]?.text ?? "", token["next_refresh_reason"]?.text ?? "")
        let life =
            token["fingerprint"] == nil ? "no token" : StatusTable.words(token["expires_in"]).map { "the token in hand ends in \($0)" } ?? "a token"
        let level: Finding.Level = token["fingerprint"] == nil && token["required"] == true ? .fault : .warning
        if let failure = token["last_failure"] {
            let words = (failure["partner_message"]?.text).map { ", the partner said: \($0)" } ?? ""
            return Finding(level, "token", "\(name): \(failure["reason"]?.text ?? "")\(words); \(life)", mend: failure["advice"]?.text)
        }
        guard state == "paused" || state == "revoked" else { return nil }
        return Finding(.warning, "token", "\(name): \(state); \(life)", mend: reason)
    }

    private func ask(_ path: String) async throws(TransportFault) -> PartnerReply {
        var connection = ConnectionSettings()
        (connection.unixSocket, connection.time) = (socket, .seconds(5))
        var fields = HTTPFields()
        if let key { fields[.authorization] = "Bearer \(key)" }
        var request = OutboundRequest(method: .get, url: base + path, fields: fields, connection: connection)
        request.largestBody = 16 << 20
        return try await transport.send(request)
    }
}
