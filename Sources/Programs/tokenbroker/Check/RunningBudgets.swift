import BrokerDaemon
import Glibc
import HTTPTypes
import JSON
import OutboundHTTP
import Time

/// What a running daemon says about its logins: a check must not spend what the partner's limits have left.
enum RunningBudgets {
    /// The tokens with no login left this hour; none where no daemon answers this user at the usual socket.
    static func exhausted() async -> Set<String> {
        guard unsafe access(BrokerClient.defaultSocket, R_OK | W_OK) == 0 else { return [] }
        let transport = CurlTransport(clocks: SystemClocks(), userAgent: "tokenbroker/\(Version.current)")
        var connection = ConnectionSettings()
        connection.unixSocket = BrokerClient.defaultSocket
        connection.time = .seconds(2)
        let request = OutboundRequest(method: .get, url: "http://127.0.0.1/v1/tokens", fields: [:], connection: connection)
        guard let reply = try? await transport.send(request), reply.status == 200,
            case .array(let tokens)? = JSONValue(parsing: reply.body)?["tokens"]
        else { return [] }
        return Set(tokens.filter { $0["budget"]?["left"]?.integerValue ?? 1 <= 0 }.compactMap { $0["name"]?.text })
    }
}
