import JSON
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Observability

/// One line, three formats.
@Suite struct LogLineTests {
    /// What a handler writes for an event, as standard error gets it.
    private static func written(_ format: LogSwitch.Format, isJournal: Bool = false, _ log: (Logger) -> Void) -> String {
        let seen = Mutex<[UInt8]>([])
        let settings = LogSwitch(isJournal: isJournal, clocks: FakeClocks())
        settings.format = format
        let writer = LogWriter(settings) { bytes in seen.withLock { $0 += bytes } }
        log(Logger(label: "test") { _ in LineLogHandler(settings) { writer.write(Array($0.utf8)) } })
        return seen.withLock { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `text is logfmt, each value quoted where it needs it`() {
        let text = Self.written(.text) { $0.notice("token adopted", metadata: ["token": "a", "life": "12 min", "reason": "say \"no\"\nat C:\\x"]) }
        #expect(text.hasPrefix("time="))
        #expect(text.hasSuffix(" level=notice msg=\"token adopted\" life=\"12 min\" reason=\"say \\\"no\\\"\\nat C:\\\\x\" token=a\n"))
        #expect(Self.written(.text, isJournal: true) { $0.warning("ready") } == "<4>msg=ready\n")
    }

    @Test(arguments: [
        "plain", "", "two words", "a=b", "quote\"d", "back\\slash", "line\nfeed", "\u{1B}[31m", "\u{202E}over", "é😀", "\\n", "ends in \\",
    ])
    func `a line is read back as it was meant`(value: String) {
        let text = Self.written(.text) { $0.error("it failed", metadata: ["reason": "\(value)", "z": "last"]) }
        let line = LogLine(text.dropLast())
        #expect(line.level == .error && line.message == "it failed" && line.time != nil)
        #expect(line.fields.map(\.name) == ["reason", "z"] && line.fields.map(\.value) == [value, "last"], "\(text)")
    }

    @Test func `JSON is an object a line with every field as text`() {
        let text = Self.written(.json) { $0.info("token adopted", metadata: ["token": "a", "life": "12 \"min\""]) }
        let value = JSONValue(parsing: Array(text.utf8))
        #expect(text.hasSuffix("\n") && text.split(separator: "\n").count == 1)
        #expect(value?["level"] == "info" && value?["msg"] == "token adopted" && value?["life"] == "12 \"min\"" && value?["token"] == "a")
        #expect(value?["time"]?.text?.hasSuffix("Z") == true)
    }

    @Test func `the journal gets fields of their own, and a line feed has a length before it`() {
        let datagram = LogLine("<3>msg=\"it failed\" reason=\"a\\nb\" client=demo").datagram
        let length: [UInt8] = [3, 0, 0, 0, 0, 0, 0, 0]
        let expected =
            Array(
                "MESSAGE=it failed reason=\"a\\nb\" client=demo\nPRIORITY=3\nSYSLOG_IDENTIFIER=tokenbroker\nTOKENBROKER_EVENT=it failed\nTOKENBROKER_REASON\n"
                    .utf8)
            + length + Array("a\nb\nTOKENBROKER_CLIENT=demo\n".utf8)
        #expect(datagram == expected)
    }

    @Test func `a level in force applies to the next line, and that of the command line to all`() {
        let settings = LogSwitch(isJournal: false, clocks: FakeClocks())
        #expect(!LineLogHandlerLevels.logs(.debug, settings))
        settings.level = .debug
        #expect(LineLogHandlerLevels.logs(.debug, settings))
        let overridden = LogSwitch(isJournal: false, clocks: FakeClocks(), override: .error)
        overridden.level = .debug
        #expect(!LineLogHandlerLevels.logs(.warning, overridden))
    }

    private enum LineLogHandlerLevels {
        static func logs(_ level: Logger.Level, _ settings: LogSwitch) -> Bool {
            let count = Mutex(0)
            Logger(label: "test") { _ in LineLogHandler(settings) { _ in count.withLock { $0 += 1 } } }.log(level: level, "x")
            return count.withLock { $0 } == 1
        }
    }
}
