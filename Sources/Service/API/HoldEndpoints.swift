import Broker
import Contract
import JSON
import LocalHTTP
import Tokens

/// An operator's orders about one token: pause, resume, revoke.
extension BrokerAPI {
    func pauseToken(_ request: APIRequest) async throws(Problem) -> Response {
        let status = await (try await keeper(request)).pause()
        return json { StatusWriting.write(status, for: request.caller, under: request.policy, to: &$0) }
    }

    func resumeToken(_ request: APIRequest) async throws(Problem) -> Response {
        let status = await (try await keeper(request)).resume()
        return json { StatusWriting.write(status, for: request.caller, under: request.policy, to: &$0) }
    }

    /// `{"logout": "done" | "nothing" | "failed", "reason": …}`: what became of the session at the partner.
    func revokeToken(_ request: APIRequest) async throws(Problem) -> Response {
        let (_, logout) = await (try await keeper(request)).revoke()
        return json { writer in
            writer.beginObject()
            writer.name("logout")
            switch logout {
            case .done: writer.string("done")
            case .nothing: writer.string("nothing")
            case .failed(let failure):
                writer.string("failed")
                writer.name("reason"); writer.string(failure.reason)
            }
            writer.endObject()
        }
    }
}
