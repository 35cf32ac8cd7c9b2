/// Where events go.
package protocol EventSink: Sendable {
    func record(_ event: BrokerEvent)
}
