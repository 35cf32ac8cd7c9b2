import TestSupport
import Testing
import Time

@testable import Tokens

/// Logins an hour.
@Suite struct LoginBudgetTests {
    @Test func `the budget is three times what the schedule needs, twelve at least`() {
        #expect(LoginBudget.cap(lifetime: .seconds(86_400), policy: .init()) == 12)
        #expect(LoginBudget.cap(lifetime: .seconds(60), policy: .init()) == 270)
        #expect(LoginBudget.cap(lifetime: nil, policy: .init()) == 12)
        #expect(LoginBudget.cap(lifetime: .seconds(1), policy: .init()) == 10_800)
    }

    @Test func `an hour after a login its place is free, and what is past is forgotten`() {
        var budget = LoginBudget()
        let start = BootInstant(nanoseconds: 0)
        for _ in 0..<3 {
            budget.spend(at: start)
            budget.spendCallersShare(at: start)
        }
        #expect(budget.left(.schedule, cap: 12, at: start + .seconds(3599)) == 9)
        #expect(budget.left(.schedule, cap: 12, at: start + .seconds(3600)) == 12)
        budget.spend(at: start + .seconds(3600))
        #expect(budget.spent.count == 1)
        budget.spendCallersShare(at: start + .seconds(3600))
        #expect(budget.spentByCallers.count == 1)
        // Half of the times are past: they stay for now.
        budget.spend(at: start + .seconds(7200))
        #expect(budget.spent.count == 2)
    }

    @Test func `callers get a third, the schedule all, and an hour later it is free again`() {
        var budget = LoginBudget()
        let start = BootInstant(nanoseconds: 0)
        for minute in 0..<4 {
            budget.spendCallersShare(at: start + .seconds(minute * 60))
            budget.spend(at: start + .seconds(minute * 60))
        }
        let now = start + .seconds(300)
        #expect(budget.left(.caller, cap: 12, at: now) == 0)
        #expect(budget.left(.schedule, cap: 12, at: now) == 8)
        #expect(budget.free(.caller, cap: 12, hasUsableToken: true, at: now) == start + .seconds(3600))
        for _ in 0..<8 { budget.spend(at: now) }
        #expect(budget.free(.schedule, cap: 12, hasUsableToken: true, at: now) == start + .seconds(3600))
        budget.noteLogin(at: now)
        #expect(budget.free(.schedule, cap: 12, hasUsableToken: false, at: now) == now + .seconds(300))
        #expect(budget.left(.schedule, cap: 12, at: start + .seconds(4000)) == 12)
    }
}
