import ArgumentParser
import Configuration
import JSON
import Providers
import Time
import Tokens

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Show when a token would be renewed, on a simulated clock.",
        discussion: "It reads the configuration and asks nobody: neither the daemon nor the partner.")

    @OptionGroup var files: ConfigurationOption
    @Argument(help: "The token's name.", completion: Completion.tokens)
    var name: String
    @Option(help: "How many hours to simulate.")
    var hours = 24
    @Option(help: ArgumentHelp("How long the partner's tokens live, where the configuration does not say it.", valueName: "duration"))
    var lifetime: String?
    @Option(help: ArgumentHelp("When the partner cannot be reached, and for how long: 2h+30m.", valueName: "start+duration"))
    var outage: String?
    @Option(help: "The seed of the jitter; another seed, other times.")
    var seed: UInt64 = 1
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...24 * 366).contains(hours) else { throw ValidationError("--hours must be 1 to 8784") }
        if let lifetime, DurationSyntax.parse(lifetime).map({ !Expiry.range.contains($0) }) ?? true {
            throw ValidationError("--lifetime must be a duration from 3 s to 400 d, such as 15m")
        }
        if outage != nil, outageRange == nil { throw ValidationError("--outage must be a start and a duration, such as 2h+30m") }
    }

    func run() async throws {
        let configuration = try files.read().configuration
        let token = try configuration.required(name)
        let sources = token.expires ?? token.provider.token.expires
        let fallback = sources.lazy.compactMap { if case .after(let duration) = $0 { duration } else { nil } }.first
        if case .never? = sources.first, lifetime == nil {
            explain("tokenbroker: \(token.provider.name)'s tokens have no end: one is renewed only after a rejection")
            throw ProgramExit.usage
        }
        guard let life = lifetime.flatMap(DurationSyntax.parse) ?? fallback else {
            explain("tokenbroker: \(token.provider.name) states the lifetime in its answers: give it with --lifetime, such as --lifetime 15m")
            throw ProgramExit.usage
        }
        var generator = SplitMix(state: seed)
        let steps = RefreshRehearsal(policy: token.refresh, lifetime: life, outage: outageRange).steps(for: .seconds(hours * 3600), using: &generator)
        if json { return print(JSONValue.array(steps.map(Self.json)).jsonText) }
        show(steps, life, of: token)
    }

    private var outageRange: Range<Duration>? {
        let parts = (outage ?? "").split(separator: "+").compactMap { DurationSyntax.parse(String($0)) }
        return parts.count == 2 && parts[1] > .zero ? parts[0]..<parts[0] + parts[1] : nil
    }

    private func show(_ steps: [RefreshRehearsal.Step], _ life: Duration, of token: TokenConfiguration) {
        var table = Table(["AT", "WHAT", "LIFE LEFT BEFORE"])
        for step in steps {
            let at = Table.Cell("+" + DurationSyntax.format(.seconds(step.at.wholeSeconds)))
            switch step.kind {
            case .login(let left):
                table.rows.append([
                    at, Table.Cell(token.refresh.prolongEvery == nil || left == nil ? "login" : "prolonged", .green),
                    Table.Cell(left.map { DurationSyntax.words($0) } ?? "no token yet"),
                ])
            case .failure(let retry, let left):
                let words = "login fails\(retry.map { ", tried again in \(DurationSyntax.words($0))" } ?? "")"
                table.rows.append([at, Table.Cell(words, .yellow), Table.Cell(left.map { DurationSyntax.words($0) } ?? "no token yet")])
            case .expiry: table.rows.append([at, Table.Cell("the token expires", .red), Table.Cell("0 s")])
            }
        }
        print(table.text())
        let logins = steps.count { if case .login = $0.kind { true } else { false } }
        print(
            "\(logins) \(token.refresh.prolongEvery == nil ? "logins" : "logins and prolongations") in \(hours) h with tokens of \(DurationSyntax.words(life))"
        )
    }

    private static func json(_ step: RefreshRehearsal.Step) -> JSONValue {
        var members: [String: JSONValue] = ["at": .number(step.at.inSeconds)]
        switch step.kind {
        case .login(let left): (members["what"], members["left"]) = ("login", left.map { .number($0.inSeconds) })
        case .failure(let retry, let left):
            (members["what"], members["left"]) = ("failure", left.map { .number($0.inSeconds) })
            members["retry"] = retry.map { .number($0.inSeconds) }
        case .expiry: members["what"] = "expiry"
        }
        return .object(members)
    }
}

/// A repeatable generator (SplitMix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
