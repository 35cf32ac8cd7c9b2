import API
import Admission
import Broker
import CLinux
import Dispatch
import Files
import Glibc
import LocalHTTP
import Logging
import Secrets
import Time
import Tokens

/// Serves tokens as the credentials of other units: `LoadCredential=zapper:/run/tokenbroker/credentials.sock`.
///
/// systemd takes an empty answer for an empty credential. A connection that gets nothing is therefore held until the unit's start gives up.
final class CredentialSocket: Sendable {
    /// How often a held connection is looked at.
    private static let interval = Duration.seconds(1)

    private let listener: Listener
    private let places: DispatchSemaphore
    private let broker: TokenBroker
    private let serving: ServingBoard
    private let clocks: any Clocks
    private let logger: Logger

    /// Listens at a path that only root can connect to.
    ///
    /// - Parameter places: connections that are held at a time; others wait in the kernel's queue, and those beyond it get an error and no
    ///   empty answer.
    /// - Throws: `SystemCallError`.
    init(_ path: String, places: Int, broker: TokenBroker, serving: ServingBoard, clocks: any Clocks, logger: Logger) throws(SystemCallError) {
        listener = try Listener(.unix(path: path), access: SocketFileAccess(mode: 0o600, group: nil))
        self.places = DispatchSemaphore(value: places)
        self.broker = broker
        self.serving = serving
        self.clocks = clocks
        self.logger = logger
    }

    func run() async {
        let (connections, continuation) = AsyncStream<Int32>.makeStream()
        do throws(SystemCallError) {
            try OwnThread.start(stackBytes: Self.stackBytes) { [listener, places] in Self.accept(listener, places, continuation) }
        } catch {
            return logger.error("credentials are not served", metadata: ["reason": "\(error)"])
        }
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                for await connection in connections {
                    group.addTask { [self] in
                        await serve(connection)
                        close(connection)
                        places.signal()
                    }
                }
                group.cancelAll()
            }
        } onCancel: {
            // Ends the wait of the accepting thread.
            shutdown(listener.descriptor, Int32(SHUT_RDWR))
            places.signal()
        }
    }

    private static let stackBytes = 64 * 1024

    /// Accepts connections as long as there are places, on a thread of its own, until the listener is shut down.
    private static func accept(_ listener: Listener, _ places: DispatchSemaphore, _ continuation: AsyncStream<Int32>.Continuation) {
        var watched = pollfd(fd: listener.descriptor, events: Int16(POLLIN), revents: 0)
        while unsafe poll(&watched, 1, -1) > 0 || errno == EINTR {
            places.wait()
            let connection = Glibc.accept(listener.descriptor, nil, nil)
            if connection < 0 {
                places.signal()
                if errno == EAGAIN || errno == EINTR || errno == ECONNABORTED { continue }
                if errno == EMFILE || errno == ENFILE {
                    usleep(100_000)
                    continue
                }
                break
            }
            _ = linux_own(connection)
            continuation.yield(connection)
        }
        continuation.finish()
    }

    private func serve(_ connection: Int32) async {
        let peer = PeerIdentity.ofUnixPeer(connection)
        guard peer?.user == 0, let request = CredentialRequest(of: connection) else {
            logger.warning("credential refused", metadata: ["uid": "\(peer.map { String($0.user) } ?? "?")", "reason": "the peer is not systemd"])
            return await hold(connection)
        }
        let fields: Logger.Metadata = ["unit": "\(request.unit)", "token": "\(request.credential)", "pid": "\(peer?.process ?? 0)"]
        var reported = ""
        while !Task.isCancelled, !hasHungUp(connection) {
            let reason: String
            // A reload may allow it meanwhile.
            if let client = serving.serving.rules.policy.client(ofUnit: request.unit, token: request.credential) {
                do throws(TokenRefusal) {
                    guard let keeper = try await broker.keeper(request.credential, perRequest: [:]) else { throw TokenRefusal(.pending) }
                    let token = try await keeper.token(wait: .seconds(5))
                    let bytes = token.value.exposedBytes
                    guard unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
                    let served = fields.merging(["client": "\(client)", "fingerprint": "\(token.fingerprint)"]) { $1 }
                    return logger.info("credential served", metadata: served)
                } catch {
                    reason = "there is no token yet; tokenbroker status \(request.credential) says why"
                }
            } else {
                reason = "no client with this unit may use a token of this name"
            }
            if reason != reported {
                logger.warning("credential held back: the start of the unit waits", metadata: fields.merging(["reason": "\(reason)"]) { $1 })
            }
            reported = reason
            try? await clocks.sleep(until: clocks.boot + Self.interval)
        }
    }

    private func hold(_ connection: Int32) async {
        while !Task.isCancelled, !hasHungUp(connection) { try? await clocks.sleep(until: clocks.boot + Self.interval) }
    }

    /// Whether the other end is closed. systemd ends its own direction at once, which says nothing.
    private func hasHungUp(_ connection: Int32) -> Bool {
        var watched = pollfd(fd: connection, events: 0, revents: 0)
        return unsafe poll(&watched, 1, 0) > 0 && watched.revents & Int16(POLLHUP | POLLERR) != 0
    }
}
