import Observability
import TestSupport
import Testing

/// The daemon in one line.
@Suite struct ServiceSummaryTests {
    @Test func `the summary says what there is, what is missing and why`() {
        var summary = ServiceSummary(tokens: 6, missing: [], nextRenewal: .seconds(240))
        #expect(summary.text == "6/6 tokens, next renewal in 4 min")
        summary.missing = ["d", "a", "c", "b"]
        summary.nextRenewal = .zero
        #expect(summary.text == "2/6 tokens, next renewal now; missing: a, b, c and 1 more")
        summary = ServiceSummary(tokens: 1, missing: [], nextRenewal: nil)
        summary.isStoreUsable = false
        summary.reloadFault = "line 3"
        #expect(summary.text == "1/1 tokens; the store is unusable, tokens are kept only in memory; the last reload was refused: line 3")
    }
}
