import TestSupport
import Testing
import Tokens

@testable import Observability

/// What each event of a token changes in the metrics, without a broker.
@Suite struct EventMetricsTests {
    private static func lines(after events: [BrokerEvent], keeping names: Set<String>? = nil) -> Set<String> {
        let metrics = EventMetrics(clocks: FakeClocks())
        for event in events { metrics.record(event) }
        if let names { metrics.keepTokens(names) }
        var text = MetricsText()
        metrics.write(to: &text)
        return Set(String(decoding: text.bytes, as: UTF8.self).split(separator: "\n").map(String.init))
    }

    private static func adopted(_ adoption: Adoption, took: Duration = .milliseconds(60)) -> BrokerEvent {
        .tokenAdopted(token: "a", fingerprint: "f", adoption: adoption, lifetime: nil, nextRefresh: nil, took: took)
    }

    private static func failed(_ failureClass: FailureClass) -> BrokerEvent {
        .loginFailed(token: "a", failure: LoginFailure(failureClass, "x"), nextAttempt: nil, isLatched: false, took: .seconds(20))
    }

    static let rows: [(events: [BrokerEvent], line: String)] = [
        ([adopted(.new), adopted(.renewed)], "tokenbroker_logins_total{token=\"a\",outcome=\"success\"} 2"),
        ([adopted(.same)], "tokenbroker_logins_total{token=\"a\",outcome=\"same_token\"} 1"),
        ([failed(.rejected)], "tokenbroker_logins_total{token=\"a\",outcome=\"rejected\"} 1"),
        ([.tokenShared(token: "a", fingerprint: "f", lifetime: nil, nextRefresh: nil)], "tokenbroker_logins_total{token=\"a\",outcome=\"shared\"} 1"),
        ([adopted(.new)], "tokenbroker_login_duration_seconds_bucket{token=\"a\",le=\"0.05\"} 0"),
        ([adopted(.new)], "tokenbroker_login_duration_seconds_bucket{token=\"a\",le=\"0.1\"} 1"),
        ([failed(.transient)], "tokenbroker_login_duration_seconds_bucket{token=\"a\",le=\"10.0\"} 0"),
        ([failed(.transient)], "tokenbroker_login_duration_seconds_bucket{token=\"a\",le=\"+Inf\"} 1"),
        ([failed(.transient), adopted(.new)], "tokenbroker_login_duration_seconds_count{token=\"a\"} 2"),
        (
            [.rejectionReported(token: "a", fingerprint: "f", outcome: .refreshing)],
            "tokenbroker_rejections_total{token=\"a\",outcome=\"refreshing\"} 1"
        ),
        ([], "tokenbroker_store_usable 1"), ([.storeFailed(reason: "full")], "tokenbroker_store_usable 0"),
        ([.storeFailed(reason: "full"), .storeRecovered], "tokenbroker_store_usable 1"),
        ([.reloaded(added: 1, changed: 0, removed: 0)], "tokenbroker_reloads_total{outcome=\"applied\"} 1"),
        ([.reloadRefused(faults: ["x"])], "tokenbroker_reloads_total{outcome=\"refused\"} 1"),
    ]

    @Test(arguments: rows) func `an event moves its metric`(events: [BrokerEvent], line: String) {
        let lines = Self.lines(after: events)
        #expect(lines.contains(line), "\(lines.sorted())")
    }

    @Test func `a token that is no longer configured is forgotten`() {
        #expect(!Self.lines(after: [Self.adopted(.new)], keeping: ["b"]).contains { $0.contains("token=\"a\"") })
    }
}
