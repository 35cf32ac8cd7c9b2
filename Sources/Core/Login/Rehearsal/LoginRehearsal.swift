import HTTPTypes
import OutboundHTTP
package import Providers
import Secrets
import Time
import Tokens

/// Runs a definition against recorded answers, without a network: how an author of a definition works. Times and random bytes are the case's,
/// so that every run is the same.
package struct LoginRehearsal {
    private let definition: ProviderDefinition
    private let recorded: RecordedCase
    /// Reads a file beside the case.
    private let readFile: (_ name: String) -> [UInt8]?

    package init(_ definition: ProviderDefinition, _ recorded: RecordedCase, readFile: @escaping (_ name: String) -> [UInt8]?) {
        self.definition = definition
        self.recorded = recorded
        self.readFile = readFile
    }

    /// What came of it.
    package struct Result {
        /// `token`, or the class of the failure with its pause.
        package var outcome: String
        /// The lifetime in whole minutes and the headers of a token, or the partner's words.
        package var says: String
        /// Why a login failed.
        package var reason: String?
        /// What differs from what the case expects; empty: nothing.
        package var differences: [String] = []
    }

    package func run() -> Result {
        var differences: [String] = []
        var result: Result
        do throws(LoginFailure) {
            let isStated = !definition.token.expires.isEmpty || definition.token.suggestedLifetime != nil
            result = Self.result(try draft(&differences), isStated: isStated)
        } catch {
            let pause = error.retryAfter.map { " \(DurationSyntax.format($0))" } ?? ""
            result = Result(outcome: error.failureClass.rawValue + pause, says: error.partnerMessage ?? "-", reason: error.reason)
        }
        if result.outcome != recorded.expected {
            differences.append("expected \(recorded.expected), found \(result.outcome)\(result.reason.map { " (\($0))" } ?? "")")
        }
        if let says = recorded.says, result.says != says { differences.append("expected \"\(says)\", found \"\(result.says)\"") }
        result.differences = differences
        return result
    }

    private func draft(_ differences: inout [String]) throws(LoginFailure) -> TokenDraft {
        let requests = try requests()
        var run = LoginRun(
            definition, values: try values(),
            environment: ValueEnvironment(wall: { [now = recorded.now] in now }, random: { Array(repeating: 0, count: $0) }),
            expires: definition.token.expires.isEmpty ? [.after(definition.token.suggestedLifetime ?? .seconds(1800))] : nil, requests: requests)
        if run.isMadeHere { return try run.makeToken(at: BootInstant(nanoseconds: 0), wall: recorded.now) }
        for (number, exchange) in recorded.exchanges.enumerated() {
            differences += Self.differences(try run.request(), exchange).map { recorded.exchanges.count > 1 ? "request \(number): \($0)" : $0 }
            if case .token(let draft) = try run.receive(exchange.reply) {
                let left = recorded.exchanges.count - number - 1
                if left > 0 { differences.append("the login has ended, and \(left) more recorded exchange\(left == 1 ? "" : "s") follow") }
                return draft
            }
        }
        let count = (requests ?? definition.login).count
        throw LoginFailure(.local, "the login makes \(count) request\(count == 1 ? "" : "s"); exchanges in the case: \(recorded.exchanges.count)")
    }

    private func requests() throws(LoginFailure) -> [RequestTemplate]? {
        guard recorded.refreshToken != nil else { return nil }
        guard let refresh = definition.refreshRequest else { throw LoginFailure(.local, "the case is a refresh, and there is no refresh_request") }
        return [refresh]
    }

    /// Inputs that the case does not give have their default; those that must have a value, one made of their name.
    private func values() throws(LoginFailure) -> ValueScope {
        var values = ValueScope()
        for input in definition.inputs where !input.isOptional || input.discovered != nil {
            values[input.name] = Array((input.defaultValue ?? (input.kind == .url ? "https://partner.example" : "value-of-\(input.name)")).utf8)
        }
        for (name, value) in recorded.given {
            guard definition.input(name) != nil else { throw LoginFailure(.local, "# given: \(name) is no input of \(definition.name)") }
            if value.hasPrefix("@") {
                guard let bytes = readFile(String(value.dropFirst())) else {
                    throw LoginFailure(.local, "# given: \(value.dropFirst()) is not a file of up to 256 KiB beside the case")
                }
                values[name] = bytes.last == 0x0A ? bytes.dropLast() : bytes
            } else {
                values[name] = Array(value.utf8)
            }
        }
        for (name, kind, passphrase) in recorded.keys {
            guard definition.input(name) != nil else { throw LoginFailure(.local, "# key: \(name) is no input of \(definition.name)") }
            values[name] = TestKey.pem(kind, passphrase: Array(passphrase.utf8))
        }
        values["refresh_token"] = recorded.refreshToken.map { Array($0.utf8) }
        return values
    }

    private static func result(_ draft: TokenDraft, isStated: Bool) -> Result {
        // A `Date` is a whole second, and the partner may be one ahead of it.
        let lifetime = draft.expiry.lifetime.map { DurationSyntax.format(.seconds(($0 + .milliseconds(1500)).wholeSeconds / 60 * 60)) } ?? "none"
        let query = (draft.query ?? []).map { "?\($0.name)" }
        return Result(
            outcome: "token",
            says: ([isStated ? lifetime : "not stated"] + draft.headers.map(\.name) + query + (draft.json == nil ? [] : ["json"])).joined(
                separator: ", "))
    }

    private static func differences(_ request: OutboundRequest, _ recorded: RecordedCase.Exchange) -> [String] {
        var differences: [String] = []
        let line = "\(request.method.rawValue) \(request.url)"
        if let wanted = recorded.requestLine, wanted != line { differences.append("expected \(wanted), found \(line)") }
        for (name, value) in recorded.fields {
            let found = HTTPField.Name(name).flatMap { request.fields[$0] }
            if found != value { differences.append("expected \(name): \(value), found \(found ?? "no such field")") }
        }
        let body = String(decoding: request.body ?? [], as: UTF8.self)
        if let wanted = recorded.body, wanted != body { differences.append("expected the body \(wanted), found \(body)") }
        return differences
    }
}
