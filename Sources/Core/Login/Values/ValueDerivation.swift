import OutboundHTTP
import Providers
import Secrets
import Time
import Tokens

/// Makes derived values for one series of requests: each once, in order, as soon as everything that it names is settled.
struct ValueDerivation: Sendable {
    private var pending: [DerivedValue]
    private let environment: ValueEnvironment
    /// The one time that all values of the series have: that of the first request.
    private var now: WallTime?

    init(_ values: [DerivedValue], _ environment: ValueEnvironment) {
        pending = values
        self.environment = environment
    }

    /// The time of a series.
    private var time: WallTime { now ?? environment.wall() }

    /// Makes the values whose names are settled. One that names an absent value is absent itself.
    ///
    /// - Parameter mayCome: whether a name that has no value yet may get one later in this series.
    /// - Throws: `LoginFailure`, class local, or bad reply where a value of the partner is at fault.
    mutating func derive(into scope: inout ValueScope, mayCome: (String) -> Bool) throws(LoginFailure) {
        if now == nil, !pending.isEmpty { now = environment.wall() }
        var waiting: [DerivedValue] = []
        for value in pending {
            let missing = value.names.filter { scope[$0] == nil }
            if missing.contains(where: { name in mayCome(name) || waiting.contains { $0.name == name } }) {
                waiting.append(value)
            } else if value.isPresent(in: scope) {
                scope[value.name] = try bytes(of: value, scope)
            }
        }
        pending = waiting
    }

    private func bytes(of value: DerivedValue, _ scope: ValueScope) throws(LoginFailure) -> [UInt8] {
        if case .totp(let password) = value.expression { try checkUnspent(password, scope) }
        do throws(KeyFault) {
            return try bytes(value.expression, scope)
        } catch {
            let isPartners = value.names.contains { $0.hasPrefix("steps.") }
            throw LoginFailure(isPartners ? .badReply : .local, "the value {\(value.name)}: \(error.message)")
        }
    }

    private func bytes(_ expression: DerivedValue.Expression, _ scope: ValueScope) throws(KeyFault) -> [UInt8] {
        switch expression {
        case .template(let text): return scope.text(text)
        case .first(let texts): return texts.first { scope.has($0) }.map { scope.text($0) } ?? []
        case .base64(let text, let encoding): return Self.encoded(scope.text(text), encoding)
        case .unbase64(let text):
            let digits = scope.text(text).filter { $0 > 0x20 }
            guard let bytes = Base64.decode(digits, .standard) ?? Base64.decode(digits, .url) else {
                throw KeyFault(message: "what it decodes is no base64")
            }
            return bytes
        case .urlencode(let text): return PercentEncoding.encode(scope.text(text))
        case .hash(let algorithm, let message, let encoding): return Self.encoded(algorithm.digest(scope.text(message)), encoding)
        case .hmac(let algorithm, let key, let message, let encoding):
            return Self.encoded(algorithm.hmac(key: scope.text(key), scope.text(message)), encoding)
        case .random(let count, let encoding): return Self.encoded(environment.random(count), encoding)
        case .time(let time): return Array(Self.text(of: time, at: self.time).utf8)
        case .jwt(let token): return try WebTokenMaker(now: self.time, random: environment.random).make(token, scope)
        case .rsa(let key, let isOAEP, let message, let encoding):
            return Self.encoded(try Signature.encrypt(scope.text(message), key: scope.text(key), isOAEP: isOAEP), encoding)
        case .totp(let password): return try code(password, scope)
        }
    }

    /// The seed of one-time passwords, and the number of the current period.
    private func period(_ password: OneTimePassword, _ scope: ValueScope) -> (seed: [UInt8]?, counter: Int64, left: Duration) {
        let (now, length) = (time.seconds, max(1, password.period.wholeSeconds))
        let counter = now / length
        return (Base32.decode(scope.text(password.secret)), counter, .seconds((counter + 1) * length - now))
    }

    /// A partner takes each code once: a second login in one period waits for the next.
    private func checkUnspent(_ password: OneTimePassword, _ scope: ValueScope) throws(LoginFailure) {
        let (seed, counter, left) = period(password, scope)
        guard let seed, !seed.isEmpty, !environment.spend(Digest.sha256(seed), counter) else { return }
        var failure = LoginFailure(.waiting, "waiting for the next one-time password: this one was sent")
        (failure.retryAfter, failure.waitingFor) = (left, .throttled)
        throw failure
    }

    private func code(_ password: OneTimePassword, _ scope: ValueScope) throws(KeyFault) -> [UInt8] {
        let (seed, counter, _) = period(password, scope)
        guard let seed, !seed.isEmpty else { throw KeyFault(message: "its secret is no base32") }
        return OneTimeCode.text(seed, counter: UInt64(bitPattern: counter), digits: password.digits)
    }

    private static func text(of time: TimeText, at now: WallTime) -> String {
        let moment = now + time.offset
        switch time.format {
        case .unix: return String(moment.seconds)
        case .unixMilliseconds: return String(moment.nanoseconds / 1_000_000)
        case .rfc3339:
            if time.zone.offset(at: moment) == .zero { return CalendarTime.rfc3339(moment) }
            let local = TimePattern.format(moment, "%Y-%m-%dT%H:%M:%S%z", in: time.zone)
            return "\(local.dropLast(2)):\(local.suffix(2))"
        case .httpDate: return CalendarTime.imfFixdate(moment)
        case .pattern(let pattern): return TimePattern.format(moment, pattern, in: time.zone)
        }
    }

    static func encoded(_ bytes: [UInt8], _ encoding: DerivedValue.Encoding) -> [UInt8] {
        switch encoding {
        case .raw: bytes
        case .hex: Array(Digest.hex(bytes).utf8)
        case .HEX: Array(Digest.hex(bytes).uppercased().utf8)
        case .base64: Array(Base64.encode(bytes, .standard).utf8)
        case .base64url: Array(Base64.encode(bytes, .url).utf8)
        }
    }
}

extension DerivedValue {
    /// Whether everything is there that it cannot be without.
    fileprivate func isPresent(in scope: ValueScope) -> Bool {
        if case .first(let texts) = expression { return texts.contains { scope.has($0) } }
        return requiredNames.allSatisfy { scope[$0] != nil }
    }
}

extension ValueScope {
    /// Whether all names of a template have values.
    func has(_ template: Template) -> Bool { template.names.allSatisfy { self[$0] != nil } }

    /// A template's text, all of whose names have values; nothing is escaped.
    func text(_ template: Template) -> [UInt8] {
        template.parts.flatMap { part in
            switch part {
            case .text(let text): Array(text.utf8)
            case .name(let name): self[name] ?? []
            }
        }
    }
}
