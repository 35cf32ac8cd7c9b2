import Configuration
import Fleet
import Login
import Store
import Tokens

/// One login as it was decided on: everything it needs, so that it runs outside its keeper.
struct LoginAttemptPlan: Sendable {
    let configuration: TokenConfiguration
    let perRequest: [String: String]
    let memory: LoginMemory
    /// Kept of the token in hand.
    let values: [String: String]
    let trigger: TokenState.Trigger
    let own: FleetPolicy.Own
    let margin: Duration?
    let policy: RefreshPolicy

    struct Ending: Sendable {
        /// What the login brought; nil where another host's was taken.
        var report: LoginReport?
        /// Of the secrets there were.
        var tried: [UInt8]?
        var shared: TokenRecord?
        /// What was known of earlier logins when this one was made; the fleet's where that is newer.
        var memory: LoginMemory?
        /// Of each alternative of the secrets.
        var digests: [[UInt8]] = []
        /// Held while it was made.
        var lock: FleetLock?
        /// Whether a login was made that others are to know of.
        var mayWrite = false

        /// A token, or a failure that is not this host's own.
        var concernsAll: Bool {
            switch report?.outcome {
            case .success?: true
            case .failure(let failure)?: failure.concernsAll
            case nil: false
            }
        }
    }

    func run(_ environment: KeeperEnvironment) async -> Ending {
        var ending = Ending()
        let inputs: OwnInputs
        do throws(LoginFailure) {
            inputs = try await environment.performer.ownInputs(configuration)
        } catch {
            ending.report = LoginReport(outcome: .failure(error), refreshTokens: memory.refreshTokens)
            return ending
        }
        ending.tried = LoginMemory.digest(ofAll: inputs.digests)
        ending.digests = inputs.digests
        guard let fleet = environment.fleet else {
            ending.report = await login(environment.performer, inputs)
            return ending
        }
        let name = FleetName(RecordName(configuration.name, perRequest), login: configuration.loginDigest)
        let due = FleetPolicy.DueLogin(
            trigger: trigger, own: own, inputs: inputs.digests, isExclusive: configuration.isExclusive, margin: margin, policy: policy)
        switch await fleet.turn(name, for: due) {
        case .take(let record):
            ending.shared = record
        case .wait(let failure):
            ending.report = LoginReport(outcome: .failure(failure), refreshTokens: memory.refreshTokens)
        case .login(let lock, let theirs):
            if lock == nil { environment.events.record(.loginAlone(token: configuration.name)) }
            ending.lock = lock
            ending.mayWrite = true
            ending.memory = theirs
            ending.report = await fleet.holding(lock, for: due.lockTime) { [performer = environment.performer] in
                await login(performer, inputs, theirs)
            }
        }
        return ending
    }

    /// - Parameter theirs: what the fleet remembers, which counts where it is newer: refresh tokens above all.
    @concurrent
    private func login(_ performer: LoginPerformer, _ inputs: OwnInputs, _ theirs: LoginMemory? = nil) async -> LoginReport {
        let memory = theirs ?? memory
        return await performer.login(
            configuration, inputs: inputs, perRequest: perRequest, last: memory.inputDigest, refreshTokens: memory.refreshTokens, values: values)
    }
}
