import Glibc
import Observability
import Synchronization
import TestSupport
import Testing

/// Standard error and a reader that does not read.
@Suite struct StandardErrorTests {
    @Test func `a reader of standard error who does not read holds up nobody`() async {
        let valve = Mutex<Bool>(false)
        let seen = Mutex<[UInt8]>([])
        let output = StandardError { bytes in
            while !valve.withLock({ $0 }) { usleep(1000) }
            seen.withLock { $0 += bytes }
        }
        let line = [UInt8](repeating: 0x61, count: 100_000)
        for _ in 0..<100 { output.write(line, from: .strangers) }
        output.write(Array("kept\n".utf8), from: .log)
        #expect(output.lost.value >= 90)
        valve.withLock { $0 = true }
        #expect(await eventually { seen.withLock { String(decoding: $0, as: UTF8.self).contains("kept\n") } })
        #expect(await eventually { seen.withLock { String(decoding: $0, as: UTF8.self).contains("lines were lost") } })
    }
}
