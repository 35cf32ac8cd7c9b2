import CCurl
import Dispatch
import Glibc
import Synchronization
package import Time

/// Sends requests through libcurl: a single block on a dedicated queue drives one `curl_multi` until `stop`.
///
/// `@unchecked Sendable`: `multi` is used only on the queue, except for `curl_multi_wakeup`, which libcurl allows from any
/// thread; `transfers` is used only on the queue; a mutex guards the inbox.
@safe package final class CurlTransport: HTTPTransport, @unchecked Sendable {
    private enum Command: Sendable {
        case start(CurlTransfer)
        case cancel(UInt64)
        case stop
    }

    private struct Inbox: Sendable {
        var commands: [Command] = []
        var next: UInt64 = 0
        /// Requests cancelled before they were started.
        var cancelled: Set<UInt64> = []
        var isStopped = false
    }

    private let clocks: any Clocks
    private let userAgent: String
    private let allowsLinkLocal: Bool
    private let multi: UnsafeMutableRawPointer
    private let queue = DispatchQueue(label: "tokenbroker.curl")
    private let inbox = Mutex(Inbox())
    private var transfers: [UInt64: CurlTransfer] = [:]

    /// Interval at which the idle thread wakes.
    private static let idleMilliseconds: Int32 = 60_000

    /// With CURLOPT_NOSIGNAL, libcurl does not handle SIGPIPE; ignore it, so that a partner that hangs up does not kill the process.
    private static let isPrepared: Bool = {
        signal(SIGPIPE, SIG_IGN)
        return curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    }()

    /// - Parameter allowsLinkLocal: whether addresses such as 169.254.169.254 may be reached.
    package init(clocks: any Clocks, userAgent: String, allowsLinkLocal: Bool = false) {
        precondition(Self.isPrepared, "libcurl cannot be initialized")
        guard let multi = unsafe curl_multi_init() else { preconditionFailure("libcurl is out of memory") }
        unsafe self.multi = unsafe multi
        self.clocks = clocks
        self.userAgent = userAgent
        self.allowsLinkLocal = allowsLinkLocal
        queue.async { [weak self] in
            while let isRunning = self?.turn(), isRunning {}
        }
    }

    /// Ends the thread; requests in progress fail as cancelled.
    package func stop() {
        submit(.stop)
    }

    package func send(_ request: OutboundRequest) async throws(TransportFault) -> PartnerReply {
        if let problem = BaseURL.problem(withRequestURL: request.url) { throw TransportFault(.unusable, problem) }
        let number = inbox.withLock { inbox in
            inbox.next += 1
            return inbox.next
        }
        let result: Result<PartnerReply, TransportFault> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let transfer = CurlTransfer(number: number, request: request, continuation: continuation, allowsLinkLocal: allowsLinkLocal)
                if !submit(.start(transfer)) { continuation.resume(returning: .failure(Self.cancelled)) }
            }
        } onCancel: {
            submit(.cancel(number))
        }
        return try result.get()
    }

    private static let cancelled = TransportFault(.unreachable, "cancelled")

    /// Queues a command; false if the thread has stopped or is about to, or the request was already cancelled.
    @discardableResult
    private func submit(_ command: Command) -> Bool {
        inbox.withLock { inbox in
            guard !inbox.isStopped else { return false }
            if case .start(let transfer) = command, inbox.cancelled.remove(transfer.number) != nil { return false }
            if case .cancel(let number) = command { inbox.cancelled.insert(number) }
            if case .stop = command { inbox.isStopped = true }
            inbox.commands.append(command)
            // Within the lock: after a stop the handle may no longer exist.
            unsafe curl_multi_wakeup(multi)
            return true
        }
    }

    /// Runs one turn: takes commands, lets libcurl work, delivers results and waits. False when stopped.
    private func turn() -> Bool {
        let commands = inbox.withLock { inbox in
            defer { inbox.commands = [] }
            return inbox.commands
        }
        for command in commands {
            switch command {
            case .start(let transfer): start(transfer)
            case .cancel(let number):
                if end(number, with: .failure(Self.cancelled)) { inbox.withLock { _ = $0.cancelled.remove(number) } }
            case .stop:
                // No command follows a stop.
                for number in Array(transfers.keys) { end(number, with: .failure(Self.cancelled)) }
                unsafe curl_multi_cleanup(multi)
                return false
            }
        }
        var running: Int32 = 0
        unsafe curl_multi_perform(multi, &running)
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE else { continue }
            let handle = unsafe message.pointee.easy_handle
            let code = unsafe curl_message_result(message)
            guard let transfer = transfers.values.first(where: { unsafe $0.handle == handle }) else { continue }
            end(transfer.number, with: transfer.outcome(code, clocks: clocks))
        }
        if inbox.withLock({ $0.commands.isEmpty }) { unsafe curl_multi_poll(multi, nil, 0, Self.idleMilliseconds, nil) }
        return true
    }

    private func start(_ transfer: CurlTransfer) {
        do throws(TransportFault) {
            try transfer.prepare(userAgent: userAgent, clocks: clocks)
        } catch {
            transfer.continuation.resume(returning: .failure(error))
            return
        }
        transfers[transfer.number] = transfer
        unsafe curl_multi_add_handle(multi, transfer.handle)
    }

    /// Ends a transfer; false if no such transfer is in progress.
    @discardableResult
    private func end(_ number: UInt64, with result: Result<PartnerReply, TransportFault>) -> Bool {
        guard let transfer = transfers.removeValue(forKey: number) else { return false }
        unsafe curl_multi_remove_handle(multi, transfer.handle)
        transfer.continuation.resume(returning: result)
        return true
    }
}
