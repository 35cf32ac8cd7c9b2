import CLinux
import Dispatch
public import Files
import Glibc
public import Synchronization

/// An epoll descriptor served by a block that never returns, on its own serial queue.
///
/// Other threads submit work through `submit`, which wakes the loop by an eventfd.
/// `@unchecked Sendable`: descriptors never change; the ready lists and `isRunning` are used on the queue only; a mutex guards
/// the inbox.
public final class EventLoop: @unchecked Sendable {
    public typealias Work = @Sendable () -> Void

    private let queue: DispatchQueue
    private let poll: Int32
    private let wake: Int32
    private let inbox = Mutex<[Work]>([])
    private var readyIdentifiers = [UInt64](repeating: 0, count: 256)
    private var readyEvents = [UInt32](repeating: 0, count: 256)
    private var isRunning = true
    /// The number of turns of the loop so far, by which a watchdog detects that the loop is alive.
    public let turns = Atomic<UInt64>(0)

    private static let wakeIdentifier = UInt64.max

    /// - Throws: `SystemCallError` when the process is out of descriptors.
    public init(label: String) throws(SystemCallError) {
        queue = DispatchQueue(label: label)
        poll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poll >= 0 else { throw SystemCallError("epoll_create1", label) }
        wake = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard wake >= 0 else {
            close(poll)
            throw SystemCallError("eventfd", label)
        }
        try watch(wake, identifier: Self.wakeIdentifier, for: EPOLLIN.rawValue)
    }

    deinit {
        close(wake)
        close(poll)
    }

    /// Runs work on the loop, in the order of submission.
    public func submit(_ work: @escaping Work) {
        let isFirst = inbox.withLock { inbox in
            inbox.append(work)
            return inbox.count == 1
        }
        if isFirst {
            var one: UInt64 = 1
            _ = unsafe write(wake, &one, 8)
        }
    }

    /// Stops the loop after the current turn.
    public func stop() {
        submit { [self] in isRunning = false }
    }

    func watch(_ descriptor: Int32, identifier: UInt64, for events: UInt32) throws(SystemCallError) {
        guard linux_epoll_set(poll, EPOLL_CTL_ADD, descriptor, events, identifier) == 0 else {
            throw SystemCallError("epoll_ctl", "descriptor \(descriptor)")
        }
    }

    func change(_ descriptor: Int32, identifier: UInt64, to events: UInt32) {
        _ = linux_epoll_set(poll, EPOLL_CTL_MOD, descriptor, events, identifier)
    }

    func unwatch(_ descriptor: Int32) {
        _ = linux_epoll_set(poll, EPOLL_CTL_DEL, descriptor, 0, 0)
    }

    /// Starts the loop on its own queue.
    ///
    /// - Parameters:
    ///   - timeout: returns the milliseconds until the loop must turn without an event, -1 for never (epoll_wait(2)).
    ///   - serve: serves one ready descriptor, given its identifier and epoll events.
    ///   - turned: called after all ready descriptors of a turn were served.
    func run(timeout: @escaping () -> Int32, began: @escaping () -> Void, serve: @escaping (UInt64, UInt32) -> Void, turned: @escaping () -> Void) {
        let body = LoopBody(timeout: timeout, began: began, serve: serve, turned: turned)
        queue.async { [self] in
            while isRunning { turn(body) }
        }
    }

    private func turn(_ body: LoopBody) {
        let count = unsafe linux_epoll_wait(poll, &readyIdentifiers, &readyEvents, Int32(readyEvents.count), body.timeout())
        turns.add(1, ordering: .relaxed)
        body.began()
        var isWoken = false
        for index in 0..<Int(count) {
            let identifier = readyIdentifiers[index]
            if identifier == Self.wakeIdentifier { isWoken = true } else { body.serve(identifier, readyEvents[index]) }
        }
        if isWoken { runInbox() }
        body.turned()
    }

    private func runInbox() {
        var count: UInt64 = 0
        _ = unsafe read(wake, &count, 8)
        let work = inbox.withLock { inbox in
            defer { inbox = [] }
            return inbox
        }
        for item in work { item() }
    }
}

/// The four closures of a running loop. `@unchecked Sendable`: they are called only on the loop's queue.
private final class LoopBody: @unchecked Sendable {
    let timeout: () -> Int32
    let began: () -> Void
    let serve: (UInt64, UInt32) -> Void
    let turned: () -> Void

    init(timeout: @escaping () -> Int32, began: @escaping () -> Void, serve: @escaping (UInt64, UInt32) -> Void, turned: @escaping () -> Void) {
        self.timeout = timeout
        self.began = began
        self.serve = serve
        self.turned = turned
    }
}
