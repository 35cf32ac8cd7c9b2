import Dispatch
import Glibc

/// The terminal while a live table is on it: a screen of its own, keys without Return, and everything as it was at the end.
final class Terminal {
    enum Event: Sendable {
        case key(UInt8)
        case resized
        case ended
        /// The operator wants the shell for a while (Ctrl-Z).
        case suspended
        case continued
    }

    let events: AsyncStream<Event>
    private let before: termios
    private var sources: [any DispatchSourceProtocol]

    init() {
        var settings = termios()
        _ = unsafe tcgetattr(0, &settings)
        before = settings
        let (events, continuation) = AsyncStream<Event>.makeStream()
        self.events = events
        let queue = DispatchQueue(label: "tokenbroker.terminal")
        let keys = DispatchSource.makeReadSource(fileDescriptor: 0, queue: queue)
        keys.setEventHandler {
            var byte: UInt8 = 0
            if unsafe read(0, &byte, 1) == 1 { continuation.yield(.key(byte)) } else { continuation.yield(.ended) }
        }
        var sources: [any DispatchSourceProtocol] = [keys]
        for (number, event) in [
            (SIGWINCH, Event.resized), (SIGINT, .ended), (SIGTERM, .ended), (SIGHUP, .ended), (SIGQUIT, .ended), (SIGTSTP, .suspended),
            (SIGCONT, .continued),
        ] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(event) }
            sources.append(source)
        }
        for source in sources { source.resume() }
        self.sources = sources
        take()
    }

    /// Keys without Return, the alternate screen, and no cursor (termios(3), console_codes(4)).
    func take() {
        var settings = before
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
        _ = unsafe tcsetattr(0, TCSANOW, &settings)
        Self.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    private func giveBack() {
        var settings = before
        _ = unsafe tcsetattr(0, TCSANOW, &settings)
        Self.write("\u{1B}[?25h\u{1B}[?1049l")
    }

    /// Gives the terminal back and stops; once the shell continues this process, `continued` follows.
    func suspend() {
        giveBack()
        kill(getpid(), SIGSTOP)
    }

    /// Columns and rows (ioctl_tty(2), TIOCGWINSZ).
    var size: (columns: Int, rows: Int) {
        var size = winsize()
        guard unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Replaces what is shown, without a flicker: line by line, then the rest is cleared.
    func show(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { "\($0)\u{1B}[K" }
        Self.write("\u{1B}[H" + lines.joined(separator: "\r\n") + "\u{1B}[J")
    }

    func restore() {
        for source in sources { source.cancel() }
        sources = []
        giveBack()
    }

    private static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(1, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            rest = rest.dropFirst(written)
        }
    }
}
