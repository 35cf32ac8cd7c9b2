import ArgumentParser
import Glibc
import PartnerSandbox

@main
struct PartnerSandboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partner-sandbox",
        abstract: "Serve the partners on a loopback port, exactly as their pages describe them, with faults on request.",
        discussion: """
            Each partner has its own path: /zipteams, /zetasafe, /zapper (service and customer), /sparrowsms, /pulsecrm, /oauth2.
            The control API is under /_sandbox: POST /faults/PARTNER, POST /lifetimes/PARTNER, POST /revocations/PARTNER, GET /counts, GET /tokens?token=…
            Credentials: sandbox-api-key, sandbox-api-secret, sandbox-api-token, sandbox-partner-token, sandbox-user, sandbox-password,
            sandbox-client, sandbox-client-secret.
            """)

    @Option(help: "The loopback port; 0 lets the kernel choose.")
    var port: UInt16 = 8700

    @Option(help: "A lifetime in place of the partner's own: PARTNER=SECONDS. May be given several times.")
    var lifetime: [String] = []

    func run() async throws {
        var lifetimes: [String: Double] = [:]
        for text in lifetime {
            let parts = text.split(separator: "=")
            guard parts.count == 2, let seconds = Double(parts[1]), seconds > 0 else {
                throw ValidationError("--lifetime takes PARTNER=SECONDS, such as zapper-service=10")
            }
            guard SandboxServer.partners.contains(String(parts[0])) else {
                throw ValidationError("--lifetime: there is no partner \(parts[0]); there are \(SandboxServer.partners.joined(separator: ", "))")
            }
            lifetimes[String(parts[0])] = seconds
        }
        let server = try SandboxServer(port: port, lifetimes: lifetimes)
        print("partner-sandbox: \(server.url)")
        fflush(nil)
        // Serves until it is killed; no state is lost.
        try await Task.sleep(for: .seconds(365 * 86_400))
        withExtendedLifetime(server) {}
    }
}
