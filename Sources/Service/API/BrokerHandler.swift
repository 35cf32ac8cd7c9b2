import Admission
import Configuration
import Contract
package import LocalHTTP
package import Observability
import Synchronization
import Time

/// Answers requests on one event loop: current tokens from rendered bytes, everything else through `BrokerAPI`.
package final class BrokerHandler: RequestHandler {
    let board: ServingBoard
    let api: BrokerAPI
    let pending: PendingAnswers
    let requestIDs: RequestIDs
    let ledger: RequestLedger
    let admission: Admission
    let cache: AnswerCache
    let audit: AuditBatch
    let waiting = WaitingRequests()
    /// Requests that need no parsing.
    let memory: RequestMemory
    let accepts = AcceptMemory()
    private(set) var isAudited = false
    private var servingVersion: UInt64

    package init(board: ServingBoard, api: BrokerAPI, pending: PendingAnswers, requestIDs: RequestIDs, ledger: RequestLedger) {
        self.board = board
        self.api = api
        self.pending = pending
        self.requestIDs = requestIDs
        self.ledger = ledger
        servingVersion = board.version.load(ordering: .acquiring)
        let serving = board.serving
        admission = Admission(serving.rules, version: servingVersion, metrics: ledger.metrics)
        memory = RequestMemory(version: servingVersion)
        cache = AnswerCache(ledger.metrics)
        audit = AuditBatch(ledger.audit, requestIDs)
        isAudited = ledger.audit.isOn
        cache.update(serving.cells)
    }

    package func accept(_ peer: Peer) -> Admittance {
        ledger.metrics.accepted.add()
        return admission.admit(peer)
    }

    package func ended(_ connection: Connection, _ end: ConnectionEnd) {
        ledger.metrics.ended(end)
        waiting.abandon(connection)
    }

    package func delivered(_ connection: Connection) { waiting.remove(connection) }

    package func begin(_ time: LoopTime) {
        admission.begin(time)
        cache.begin(time)
        audit.begin(time)
        let version = board.version.load(ordering: .acquiring)
        guard version != servingVersion else { return }
        servingVersion = version
        let serving = board.serving
        admission.update(serving.rules, version: version)
        waiting.revoke { admission.isStillAllowed($0.known, $0.route, token: $0.token, inputs: $0.inputs) }
        memory.clear(version: version)
        cache.update(serving.cells)
        isAudited = ledger.audit.isOn
    }

    package func end() { audit.end() }

    package func refuse(_ fault: MessageFault) -> Response { refused(Problem(fault)) }

    package func respond(
        to head: borrowing RequestHead, bytes: Span<UInt8>, body: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer
    ) -> Reply {
        do throws(Problem) {
            try admission.screen(head, bytes, on: connection)
            if let reply = sendRendered(head, bytes, on: connection, into: &output) { return reply }
            return try route(head, bytes, body, on: connection, into: &output)
        } catch {
            return .response(refused(error))
        }
    }

    func refused(_ problem: Problem) -> Response {
        ledger.record(problem.kind)
        return problem.response(requestID: requestIDs.next())
    }
}
