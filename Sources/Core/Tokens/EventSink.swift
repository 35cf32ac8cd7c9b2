/// Receives events.
package protocol EventSink: Sendable {
    func record(_ event: BrokerEvent)
}
