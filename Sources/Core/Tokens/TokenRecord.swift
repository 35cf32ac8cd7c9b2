import JSON
import Secrets
package import Time

/// A token's persistent state: token, plan, latch, budget and learned lifetime, with the clock readings when it was written.
package struct TokenRecord: Sendable {
    /// The kernel's ID for the boot it was written in (proc(5), random/boot_id); instants of another boot are not comparable.
    package var bootID: String
    package var boot: BootInstant
    package var wall: WallTime
    package var state: TokenState
    package var memory: LoginMemory
    /// The host of a fleet that wrote it.
    package var host: String?

    package init(bootID: String, boot: BootInstant, wall: WallTime, state: TokenState, memory: LoginMemory) {
        self.bootID = bootID
        self.boot = boot
        self.wall = wall
        self.state = state
        self.memory = memory
    }

    /// How far the two clocks may differ in what they say has passed since a record was written.
    private static let clockTolerance = Duration.seconds(5)

    /// The offset from the record's instants to the same moments on this boot's clock.
    ///
    /// A boot id alone names no clock: time namespaces, copies of a virtual machine and resumed containers keep it. The longer of the two times
    /// counts as passed; a boot-time clock that is ahead within 5 s is believed alone, since NTP may have set the wall clock back.
    ///
    /// - Returns: nil if the offset is unknown, since the wall clock is earlier than when the record was written.
    package func shift(bootID: String, boot: BootInstant, wall: WallTime) -> Duration? {
        let (byBoot, byWall) = (boot - self.boot, wall - self.wall)
        if bootID == self.bootID, byBoot >= .zero, byBoot >= byWall, byBoot - byWall <= Self.clockTolerance { return .zero }
        guard byWall >= .zero else { return nil }
        return byBoot - max(byBoot, byWall)
    }

    /// Logins of an entry that a record can count; a higher number is nobody's, and counting on from it must not overflow.
    private static let highestNumber: Int64 = 1 << 53

    /// Whether this record is newer than another one: by the number of its login, and of two logins with one number, which hosts made that had
    /// to go alone, by the later one.
    package func isNewer(than other: TokenRecord) -> Bool {
        if memory.number != other.memory.number { return memory.number > other.memory.number }
        guard let own = loginTime(beside: other), let theirs = other.loginTime(beside: self) else { return state.lastSuccessAt != nil }
        // Ages have a resolution of one second.
        return own > theirs + .seconds(2)
    }

    /// When the login began that brought the token, by which logins are ordered: a host that slept finishes its login late. Where both records
    /// hold one token, the later login that returned it counts.
    private func loginTime(beside other: TokenRecord) -> BootInstant? {
        guard let token = state.token, let theirs = other.state.token, token.fingerprint != theirs.fingerprint else { return state.lastSuccessAt }
        return token.issuedAt
    }

    // MARK: JSON

    /// The record as JSON. It holds the token: seal it.
    package var bytes: [UInt8] {
        var members: [String: JSONValue] = [
            "boot_id": .string(bootID), "boot": .integer(boot.nanoseconds), "wall": .integer(wall.nanoseconds),
            "reported": .bool(state.wishes.isReported), "budget": state.budget.json, "learned": state.learned.json,
        ]
        if let plan = state.plan {
            members["refresh_at"] = .integer(plan.refreshAt.nanoseconds)
            members["jitter"] = .integer(plan.jitterDrawn.nanoseconds)
        }
        if let trouble = state.trouble {
            members["failure"] = Self.json(trouble.failure)
            members["failures"] = .integer(Int64(trouble.failuresInARow))
            members["rejections"] = .integer(Int64(trouble.rejectionsInARow))
            members["refusals"] = .integer(Int64(trouble.refusalsInARow))
            members["ladders"] = .object(
                Dictionary(uniqueKeysWithValues: trouble.ladders.map { ($0.key.rawValue, .integer(Int64($0.value))) }))
            members["ladder_began"] = trouble.ladderBegan.map { .integer($0.nanoseconds) }
            members["retry_at"] = trouble.retryAt.map { .integer($0.nanoseconds) }
            members["latched"] = .bool(trouble.isLatched)
        }
        members["hold"] = state.hold.map { .string($0.rawValue) }
        members["input_digest"] = memory.inputDigest.map { .string(Digest.hex($0)) }
        members["host"] = host.map { .string($0) }
        if memory.number > 0 { members["number"] = .integer(memory.number) }
        if !memory.rejectedBy.isEmpty { members["rejected_by"] = .array(memory.rejectedBy.map { .string($0) }) }
        members["tried_digest"] = memory.triedDigest.map { .string(Digest.hex($0)) }
        if !memory.refreshTokens.isEmpty { members["refresh_tokens"] = .array(memory.refreshTokens.map { .string($0.exposedText) }) }
        if !memory.replaced.isEmpty {
            members["replaced"] = .array(
                memory.replaced.map { session in
                    .object([
                        "value": .string(session.value.exposedText), "kept": .object(session.kept.mapValues { .string($0) }),
                        "due": .integer(session.due.nanoseconds),
                    ])
                })
        }
        members["success_at"] = state.lastSuccessAt.map { .integer($0.nanoseconds) }
        members["longest"] = state.longestLifetime.map { .integer($0.nanoseconds) }
        members["token"] = state.token.map(Self.json)
        return Array(JSONValue.object(members).jsonText.utf8)
    }

    /// Reads a record; nil for bytes that this version cannot read.
    ///
    /// - Parameter policy: of the entry as it is configured now.
    package init?(_ bytes: [UInt8], policy: RefreshPolicy) {
        guard let json = JSONValue(parsing: bytes), let bootID = json["boot_id"]?.text, let boot = json["boot"]?.integerValue,
            let wall = json["wall"]?.integerValue
        else { return nil }
        var state = TokenState(policy: policy)
        state.wishes.isReported = json["reported"] == .bool(true)
        state.budget = LoginBudget(json["budget"] ?? .null)
        state.learned = LearnedLifetime(json["learned"] ?? .null)
        state.plan = json.instant("refresh_at").map { TokenState.Plan(refreshAt: $0, jitterDrawn: json.duration("jitter") ?? .zero) }
        state.lastSuccessAt = json.instant("success_at")
        state.hold = json["hold"]?.text.flatMap(TokenState.Hold.init)
        state.longestLifetime = json.duration("longest")
        state.trouble = json["failure"].flatMap(Self.failure).map { failure in
            TokenState.Trouble(
                failure: failure, failuresInARow: json.count("failures"), rejectionsInARow: json.count("rejections"),
                refusalsInARow: json.count("refusals"), ladders: json.ladders, ladderBegan: json.instant("ladder_began"),
                retryAt: json.instant("retry_at"), isLatched: json["latched"] == .bool(true))
        }
        if let token = json["token"] {
            guard let token = Self.token(token) else { return nil }
            state.token = token
        }
        var memory = LoginMemory(inputDigest: json["input_digest"]?.text.flatMap(Digest.bytes(hex:)))
        memory.number = max(0, min(json["number"]?.integerValue ?? 0, Self.highestNumber))
        if case .array(let hosts)? = json["rejected_by"] { memory.rejectedBy = hosts.compactMap(\.text) }
        memory.triedDigest = json["tried_digest"]?.text.flatMap(Digest.bytes(hex:))
        if case .array(let tokens)? = json["refresh_tokens"] { memory.refreshTokens = tokens.compactMap { $0.text.map { Secret($0) } } }
        if case .array(let sessions)? = json["replaced"] { memory.replaced = sessions.compactMap(Self.replaced) }
        self.init(
            bootID: bootID, boot: BootInstant(nanoseconds: boot), wall: WallTime(nanoseconds: wall), state: state, memory: memory)
        host = json["host"]?.text
    }

    private static func replaced(_ json: JSONValue) -> ReplacedSession? {
        guard let value = json["value"]?.text, case .object(let kept)? = json["kept"], let due = json["due"]?.integerValue else { return nil }
        return ReplacedSession(value: Secret(value), kept: kept.compactMapValues(\.text), due: WallTime(nanoseconds: due))
    }

    private static func json(_ failure: LoginFailure) -> JSONValue {
        var members: [String: JSONValue] = ["class": .string(failure.failureClass.rawValue), "reason": .string(failure.reason)]
        members["status"] = failure.status.map { .integer(Int64($0)) }
        if failure.waitsForPerson { members["person"] = true }
        members["paused_account"] = failure.pausedAccount.map { .string($0) }
        return .object(members)
    }

    private static func failure(_ json: JSONValue) -> LoginFailure? {
        guard let text = json["class"]?.text, let failureClass = FailureClass(rawValue: text) else { return nil }
        var failure = LoginFailure(failureClass, json["reason"]?.text ?? "", status: json["status"]?.integerValue.flatMap { Int(exactly: $0) })
        failure.waitsForPerson = json["person"] == .bool(true)
        failure.pausedAccount = json["paused_account"]?.text
        failure.pausesAccount = failure.pausedAccount != nil
        return failure
    }

    private static func json(_ token: Token) -> JSONValue {
        var members: [String: JSONValue] = [
            "value": .string(token.value.exposedText), "fingerprint": .string(token.fingerprint), "type": .string(token.type),
            "headers": .array(token.headers.map { .array([.string($0.name), .string($0.value.exposedText)]) }),
            "values": .object(token.values.mapValues { .string($0) }), "origin": .string(token.expiry.origin.rawValue),
            "issued_at": .integer(token.issuedAt.nanoseconds), "issued_at_wall": .integer(token.issuedAtWall.nanoseconds),
        ]
        members["query"] = token.query.map { .array($0.map { .array([.string($0.name), .string($0.value.exposedText)]) }) }
        members["json"] = token.json.map { .string($0.exposedText) }
        if !token.session.isEmpty { members["session"] = .object(token.session.mapValues { .string($0) }) }
        members["lifetime"] = token.expiry.lifetime.map { .integer($0.nanoseconds) }
        members["stated"] = token.expiry.stated.map { .integer($0.nanoseconds) }
        if !token.expiry.ignoredSources.isEmpty { members["ignored"] = .array(token.expiry.ignoredSources.map { .string($0) }) }
        members["skew"] = token.expiry.clockSkew.map { .integer($0.nanoseconds) }
        return .object(members)
    }

    private static func token(_ json: JSONValue) -> Token? {
        guard let value = json["value"]?.text, let fingerprint = json["fingerprint"]?.text, let type = json["type"]?.text,
            let origin = json["origin"]?.text.flatMap(Expiry.Origin.init), let issuedAt = json.instant("issued_at"),
            let issuedAtWall = json["issued_at_wall"]?.integerValue, case .array(let headers)? = json["headers"],
            case .object(let values)? = json["values"]
        else { return nil }
        var expiry = Expiry(
            origin: origin, lifetime: json.duration("lifetime"), stated: json["stated"]?.integerValue.map { WallTime(nanoseconds: $0) })
        expiry.clockSkew = json.duration("skew")
        if case .array(let sources)? = json["ignored"] { expiry.ignoredSources = sources.compactMap(\.text) }
        var draft = TokenDraft(value: Secret(value), type: type, expiry: expiry, sentAt: issuedAt, sentAtWall: WallTime(nanoseconds: issuedAtWall))
        draft.values = values.compactMapValues(\.text)
        if case .object(let session)? = json["session"] { draft.session = session.compactMapValues(\.text) }
        draft.headers = pairs(headers)
        if case .array(let query)? = json["query"] { draft.query = pairs(query) }
        draft.json = json["json"]?.text.map { Secret($0) }
        return Token(draft, fingerprint: fingerprint)
    }

    private static func pairs(_ json: [JSONValue]) -> [TokenHeader] {
        json.compactMap { pair in
            guard case .array(let pair) = pair, pair.count == 2, let name = pair[0].text, let value = pair[1].text else { return nil }
            return TokenHeader(name: name, value: Secret(value))
        }
    }
}

extension JSONValue {
    fileprivate func instant(_ name: String) -> BootInstant? { self[name]?.integerValue.map { BootInstant(nanoseconds: $0) } }
    fileprivate func duration(_ name: String) -> Duration? { self[name]?.integerValue.map { .nanoseconds($0) } }

    /// A counter: what no counter shows counts as none.
    fileprivate func count(_ name: String) -> Int {
        self[name]?.integerValue.flatMap { (0...1_000_000).contains($0) ? Int($0) : nil } ?? 0
    }

    fileprivate var ladders: [FailureClass: Int] {
        guard let ladders = self["ladders"] else { return [:] }
        return Dictionary(uniqueKeysWithValues: FailureClass.allCases.map { ($0, ladders.count($0.rawValue)) }).filter { $0.value > 0 }
    }

    fileprivate var instants: [BootInstant] {
        guard case .array(let values) = self else { return [] }
        return values.compactMap { $0.integerValue.map { BootInstant(nanoseconds: $0) } }
    }
}

extension LoginBudget {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "spent": .array(spent.map { .integer($0.nanoseconds) }), "callers": .array(spentByCallers.map { .integer($0.nanoseconds) }),
        ]
        members["last"] = lastLogin.map { .integer($0.nanoseconds) }
        return .object(members)
    }

    init(_ json: JSONValue) {
        self.init()
        spent = json["spent"]?.instants ?? []
        spentByCallers = json["callers"]?.instants ?? []
        lastLogin = json.instant("last")
    }

    mutating func move(by shift: Duration) {
        spent = spent.map { $0 + shift }
        spentByCallers = spentByCallers.map { $0 + shift }
        lastLogin = lastLogin.map { $0 + shift }
    }
}

extension LearnedLifetime {
    var json: JSONValue { .array(ages.map { .array([.integer($0.age.nanoseconds), .integer($0.at.nanoseconds)]) }) }

    init(_ json: JSONValue) {
        self.init()
        guard case .array(let pairs) = json else { return }
        for case .array(let pair) in pairs where pair.count == 2 {
            guard let age = pair[0].integerValue, let at = pair[1].integerValue else { continue }
            refused(atAge: .nanoseconds(age), now: BootInstant(nanoseconds: at))
        }
    }

    mutating func move(by shift: Duration) {
        ages = ages.map { ($0.age, $0.at + shift) }
    }
}

extension TokenState {
    /// Shifts every instant, to convert a record of another boot to this boot's clock.
    package mutating func move(by shift: Duration) {
        guard shift != .zero else { return }
        if let issuedAt = token?.issuedAt { token?.issuedAt = issuedAt + shift }
        if let refreshAt = plan?.refreshAt { plan?.refreshAt = refreshAt + shift }
        if let retryAt = trouble?.retryAt { trouble?.retryAt = retryAt + shift }
        if let began = trouble?.ladderBegan { trouble?.ladderBegan = began + shift }
        lastSuccessAt = lastSuccessAt.map { $0 + shift }
        budget.move(by: shift)
        learned.move(by: shift)
    }
}
