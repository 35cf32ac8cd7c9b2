import BrokerDaemon
import Glibc
import Testing

/// Signals of the process: this suite uses one that nothing else does.
@Suite(.serialized) struct SignalsTests {
    @Test func `a signal right after the start is delivered`() async {
        for _ in 0..<200 {
            let signals = Signals([SIGURG])
            kill(getpid(), SIGURG)
            var iterator = signals.sequence.makeAsyncIterator()
            #expect(await iterator.next() == SIGURG)
        }
    }

    @Test func `each signal has its number`() async {
        let signals = Signals([SIGURG, SIGWINCH])
        var iterator = signals.sequence.makeAsyncIterator()
        for number in [SIGWINCH, SIGURG, SIGWINCH] {
            kill(getpid(), number)
            #expect(await iterator.next() == number)
        }
    }
}
