package import Tokens

/// Passes events to several sinks, in order.
package struct EventFan: EventSink {
    private let sinks: [any EventSink]

    package init(_ sinks: [any EventSink]) {
        self.sinks = sinks
    }

    package func record(_ event: BrokerEvent) {
        for sink in sinks { sink.record(event) }
    }
}
