package import Time
package import Tokens

/// Records every finished login in the store.
package struct AttemptRecorder: EventSink {
    private let writer: StoreWriter
    private let clocks: any Clocks

    package init(_ writer: StoreWriter, clocks: any Clocks) {
        self.writer = writer
        self.clocks = clocks
    }

    package func record(_ event: BrokerEvent) {
        switch event {
        case .tokenAdopted(let token, _, let adoption, _, _, let took):
            writer.record(PastLogin(token: token, at: clocks.wall, outcome: adoption == .same ? "same_token" : "success", took: took))
        case .refreshFailed(let token, let failure):
            writer.record(
                PastLogin(
                    token: token, at: clocks.wall, outcome: "refresh_\(failure.failureClass.rawValue)", took: .zero, status: failure.status,
                    reason: failure.reason))
        case .loginFailed(let token, let failure, _, _, let took):
            writer.record(
                PastLogin(
                    token: token, at: clocks.wall, outcome: failure.failureClass.rawValue, took: took, status: failure.status, reason: failure.reason)
            )
        default: break
        }
    }
}
