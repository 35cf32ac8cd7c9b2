/// When the daemon reports that it is ready.
package struct Readiness: Sendable, Equatable {
    package enum Condition: String, Sendable, CaseIterable { case all, any, listening }

    package var condition = Condition.all
    package var within = Duration.seconds(20)

    package init() {}
}
