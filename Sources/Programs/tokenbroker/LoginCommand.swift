import ArgumentParser
import BrokerDaemon
import Configuration
import Glibc
import HTTPTypes
import JSON
import Login
import OutboundHTTP
import Secrets
import Time
import Tokens

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Log in as a person, once, and give the daemon the first refresh token.",
        discussion: """
            By a device code where the server has one, else in a browser on this machine; over ssh, forward the port of --port. It reads the \
            configuration and its secrets as check does, so that it runs as root or the service's user.
            """)

    @OptionGroup var files: ConfigurationOption
    @Argument(help: "The token's name.", completion: Completion.tokens)
    var name: String
    @Flag(help: "Log in with a browser although the server takes device codes.")
    var browser = false
    @Option(help: "The local port that the browser is sent back to; any by default.")
    var port: UInt16 = 0

    func run() async throws {
        let configuration = try files.read().configuration
        let token = try configuration.required(name)
        let path = BrokerClient.path("v1", "tokens", name, "grant")
        // Before a person does anything: does the daemon answer, and may this caller hand it a refresh token?
        _ = try await BrokerClient().send(.post, path, body: Array("{}".utf8), taking: [400])
        let clocks = SystemClocks()
        let secrets = CheckedSecrets(environment: ProcessEnvironment.all)
        let performer = LoginPerformer(
            clocks: clocks, transport: CurlTransport(clocks: clocks, userAgent: "tokenbroker/\(Version.current)"), secrets: secrets,
            gate: LoginGate(bounds: configuration.logins, clocks: clocks), inputs: CheckedInputs(configuration: configuration))
        let refreshToken: Secret
        do throws(LoginFailure) {
            let grant = try await PersonGrant(performer, token)
            refreshToken = grant.hasDevice && !browser ? try await byDevice(grant) : try await byBrowser(grant)
        } catch {
            explain("tokenbroker: \(error.reason)\(error.partnerMessage.map { ": \($0)" } ?? "")")
            throw ProgramExit.unavailable
        }
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("refresh_token"); writer.string(refreshToken.exposedBytes)
        writer.endObject()
        let answer = try await BrokerClient().json(.post, path, body: writer.bytes)
        print(StatusTable.text([answer]))
    }

    private func byDevice(_ grant: PersonGrant) async throws(LoginFailure) -> Secret {
        let device = try await grant.deviceCode()
        let address = VisibleText.escaped(device.completeAddress ?? device.address)
        explain("Open \(address) and log in with the code \(VisibleText.escaped(device.userCode)).")
        explain("Waiting, for \(DurationSyntax.words(device.lifetime)) at most …")
        return try await grant.refreshToken(device)
    }

    private func byBrowser(_ grant: PersonGrant) async throws(LoginFailure) -> Secret {
        guard grant.hasBrowser else { throw LoginFailure(.local, "the server has neither a device nor an authorization endpoint; set one of them") }
        guard let callback = LoginCallback(port: port) else {
            throw LoginFailure(.local, "the port \(port) on 127.0.0.1 is in use or not allowed; give another one with --port")
        }
        let (state, verifier) = (Base64.encode(Digest.random(16), .url), Base64.encode(Digest.random(32), .url))
        explain("Open this address in a browser on this machine and log in:")
        explain(try grant.authorizationURL(redirect: callback.address, state: state, verifier: verifier))
        explain("Waiting, for 10 min at most …")
        guard let answer = await callback.answer(within: .seconds(600), state: state) else {
            throw LoginFailure(.rejected, "nobody logged in within 10 min")
        }
        try grant.checkIssuer(answer["iss"])
        guard let code = answer["code"], !code.isEmpty else {
            throw LoginFailure(
                .rejected, "the server refused the login: \(VisibleText.escaped(answer["error_description"] ?? answer["error"] ?? "no code"))")
        }
        return try await grant.refreshToken(code: code, redirect: callback.address, verifier: verifier)
    }
}
