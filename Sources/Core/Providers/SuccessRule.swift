import HTTPTypes
import JSON

/// When an answer is a success: a status among these and every test.
package struct SuccessRule: Sendable, Hashable {
    package var statuses: [StatusPattern] = [.hundreds(2)]
    package var tests: [ReplyTest] = []
}
