import Configuration
import Fleet
import Login
import Store
import Tokens

/// A login with everything it needs, so that it runs outside its keeper.
struct LoginAttempt: Sendable {
    let configuration: TokenConfiguration
    let perRequest: [String: String]
    let memory: LoginMemory
    /// Values kept from the token in hand.
    let values: [String: String]
    /// The living token in hand.
    let held: Token?
    let trigger: TokenState.Trigger
    /// Whether no token lives.
    let isUrgent: Bool
    /// Whether no token lives and logins failed twice.
    let isDesperate: Bool
    let own: FleetPolicy.Own
    let margin: Duration?
    let policy: RefreshPolicy
    /// Whether the login is still wanted: it may have waited for a secret or for the fleet, and an operator or a reload has come in between.
    let isWanted: @Sendable () async -> Bool

    /// How a login ended. `digests` has one digest for each alternative of the inputs.
    enum Ending: Sendable {
        /// No partner was asked: a secret cannot be read, or the login must wait for another host.
        case failedBefore(LoginFailure)
        /// Another host's result is used.
        case took(TokenRecord, digests: [[UInt8]])
        /// - Parameters:
        ///   - lock: held during the login; nil for a login without a lock.
        ///   - memory: the fleet's, if it is newer than the keeper's.
        case loggedIn(LoginReport, lock: FleetLock?, memory: LoginMemory?, digests: [[UInt8]])

        var lock: FleetLock? { if case .loggedIn(_, let lock, _, _) = self { lock } else { nil } }
    }

    private static let unwanted = LoginFailure(.waiting, "the login is no longer wanted")

    func run(_ environment: KeeperEnvironment) async -> Ending {
        let performer = environment.performer
        let inputs: OwnInputs
        do throws(LoginFailure) {
            inputs = try await performer.ownInputs(configuration)
        } catch {
            return .failedBefore(error)
        }
        guard let fleet = environment.fleet else {
            guard await isWanted() else { return .failedBefore(Self.unwanted) }
            return .loggedIn(await login(performer, inputs, memory), lock: nil, memory: nil, digests: inputs.digests)
        }
        let name = FleetName(RecordName(configuration.name, perRequest), login: configuration.loginDigest)
        let due = FleetPolicy.DueLogin(
            trigger: trigger, own: own, inputs: inputs.digests, isExclusive: configuration.isExclusive, margin: margin, policy: policy,
            longest: configuration.longestLogin)
        switch await fleet.decide(name, for: due) {
        case .take(let record):
            return .took(record, digests: inputs.digests)
        case .wait(let failure):
            return .failedBefore(failure)
        case .login(let lock, let theirs):
            guard await isWanted() else {
                await fleet.unlock(lock)
                return .failedBefore(Self.unwanted)
            }
            if lock == nil { environment.events.record(.loginAlone(token: configuration.name)) }
            // Use the fleet's memory if there is one: it is newer, and matters most for refresh tokens.
            let memory = theirs ?? memory
            let report = await fleet.holding(lock, for: due.lockTime) { await login(performer, inputs, memory) }
            return .loggedIn(report, lock: lock, memory: theirs, digests: inputs.digests)
        }
    }

    @concurrent
    private func login(_ performer: LoginPerformer, _ inputs: OwnInputs, _ memory: LoginMemory) async -> LoginReport {
        await performer.login(
            configuration, inputs: inputs, perRequest: perRequest, last: memory.inputDigest, refreshTokens: memory.refreshTokens, values: values,
            circumstances: LoginPerformer.Circumstances(
                overridesPause: trigger == .admin, isUrgent: isUrgent, isDesperate: isDesperate, prefersLogin: memory.prefersLogin,
                held: trigger == .schedule ? held : nil))
    }
}
