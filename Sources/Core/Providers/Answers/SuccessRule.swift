/// When an answer is a success: it has one of these statuses, and every test holds.
package struct SuccessRule: Sendable, Hashable {
    package var statuses: [StatusPattern] = [.hundreds(2)]
    package var tests: [ReplyTest] = []

    package init() {}
}
