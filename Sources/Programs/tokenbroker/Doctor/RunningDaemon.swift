import BrokerDaemon
import Configuration
import Diagnosis
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

    /// Asks at the configuration's first listener.
    init?(_ configuration: BrokerConfiguration, transport: any HTTPTransport) {
        guard
            let listener = configuration.listeners.first(where: { if case .unix = $0.address { true } else { false } })
                ?? configuration.listeners.first
        else { return nil }
        self.transport = transport
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
            return [
                Finding(
                    .warning, "daemon", "nothing answers at \(name): \(error.reason)",
                    mend: "systemctl start tokenbroker, or tokenbroker serve; systemctl status tokenbroker says more")
            ]
        }
        guard description.status == 200, let version = JSONValue(parsing: description.body)?["info"]?["version"]?.text else {
            return [
                Finding(
                    .fault, "daemon", "what answers at \(name) is not tokenbroker (status \(description.status))",
                    mend: "stop that program, or give another address under listen")
            ]
        }
        var findings: [Finding] = []
        if version == Version.current {
            findings.append(Finding(.ok, "daemon", "version \(version) answers at \(name)"))
        } else {
            findings.append(
                Finding(
                    .warning, "daemon", "version \(version) runs, and this program is \(Version.current)",
                    mend: "systemctl restart tokenbroker; restored tokens are served at once"))
        }
        if let ready = try? await ask("/readyz") {
            let problem = JSONValue(parsing: ready.body)?["detail"]?.text ?? "not ready"
            findings.append(
                ready.status == 200
                    ? Finding(.ok, "readiness", "every required token is usable")
                    : Finding(.fault, "readiness", problem, mend: "tokenbroker status shows why, and what to do"))
        }
        return findings
    }

    private func ask(_ path: String) async throws(TransportFault) -> PartnerReply {
        var connection = ConnectionSettings()
        (connection.unixSocket, connection.time) = (socket, .seconds(5))
        return try await transport.send(OutboundRequest(method: .get, url: base + path, connection: connection))
    }
}
