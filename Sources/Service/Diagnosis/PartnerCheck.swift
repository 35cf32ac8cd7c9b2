package import Configuration
import HTTPTypes
package import OutboundHTTP
import Providers
package import Time

/// Whether each partner can be reached from here: its name, its port, its certificate and its clock. Nothing logs in: each gets one HEAD
/// request for its root, without credentials.
package struct PartnerCheck: Sendable {
    /// A partner, as it is reached.
    struct Target: Hashable {
        /// `https://host[:port]`.
        var origin: String
        var connection: ConnectionSettings
    }

    private let transport: any HTTPTransport
    private let clocks: any Clocks

    /// Days that a certificate should last.
    private static let days: Int64 = 14
    /// The difference of the clocks from which lifetimes are read wrongly.
    private static let skew = Duration.seconds(30)
    private static let time = Duration.seconds(10)
    /// Partners asked at the same time.
    private static let parallel = 64

    package init(transport: any HTTPTransport, clocks: any Clocks) {
        self.transport = transport
        self.clocks = clocks
    }

    /// One line for each partner, in the order of the names of the tokens.
    package func findings(_ configuration: BrokerConfiguration) async -> [Finding] {
        var targets: [(target: Target, tokens: [String])] = []
        for token in configuration.tokens {
            for target in Self.targets(of: token) {
                if let place = targets.firstIndex(where: { $0.target == target }) {
                    targets[place].tokens.append(token.name)
                } else {
                    targets.append((target, [token.name]))
                }
            }
        }
        var found: [Int: Finding] = [:]
        for start in stride(from: 0, to: targets.count, by: Self.parallel) {
            await withTaskGroup(of: (Int, Finding).self) { group in
                for place in start..<min(start + Self.parallel, targets.count) {
                    group.addTask { [targets] in (place, await finding(targets[place].target, of: targets[place].tokens)) }
                }
                for await (place, finding) in group { found[place] = finding }
            }
        }
        return targets.indices.compactMap { found[$0] }
    }

    /// The origins that the login of an entry asks; those that only an answer names are not among them.
    static func targets(of token: TokenConfiguration) -> [Target] {
        var connection = token.connection
        (connection.time, connection.connectTime) = (Self.time, nil)
        let origins = token.provider.login.compactMap { request -> String? in
            switch request.url.origin {
            case .fixed(let origin): return origin
            case .named(let name):
                if case .text(let text)? = token.inputs[name] { return text }
                return token.provider.input(name)?.defaultValue
            }
        }
        var seen: Set<String> = []
        return origins.map(Self.origin).filter { seen.insert($0).inserted }.map { Target(origin: $0, connection: connection) }
    }

    /// Scheme, host and port of a base URL.
    private static func origin(_ base: String) -> String {
        guard let scheme = base.firstRange(of: "://") else { return base }
        return String(base[..<scheme.upperBound] + base[scheme.upperBound...].prefix { $0 != "/" })
    }

    private func finding(_ target: Target, of tokens: [String]) async -> Finding {
        let names = tokens.count > 3 ? "\(tokens.prefix(3).joined(separator: ", ")) and \(tokens.count - 3) more" : tokens.joined(separator: ", ")
        let subject = "\(target.origin) (\(names))"
        var request = OutboundRequest(method: .head, url: target.origin + "/", connection: target.connection)
        request.notesCertificate = true
        do throws(TransportFault) {
            return judge(try await transport.send(request), subject)
        } catch {
            if error.kind == .timedOut, error.reason.contains("bytes received") {
                return Finding(
                    .warning, "partner", "\(subject): connected, but no answer to a HEAD request within 10 s",
                    mend: "it may not answer such requests: tokenbroker check --login tries a login")
            }
            return Finding(.fault, "partner", "\(subject): \(error.reason)", mend: Self.mend(error, target))
        }
    }

    private func judge(_ reply: PartnerReply, _ subject: String) -> Finding {
        var facts = ["reached"]
        if let end = reply.certificateEnd {
            let left = (end - clocks.wall).wholeSeconds / 86_400
            facts.append("its certificate has \(left) day\(left == 1 ? "" : "s") left")
            if left < Self.days {
                return Finding(
                    .warning, "partner", "\(subject): \(facts.joined(separator: ", "))",
                    mend: "ask the partner whether it renews the certificate before \(CalendarTime.rfc3339(end))")
            }
        }
        if let date = reply.first(.date).flatMap({ CalendarTime.parseIMFFixdate($0) }) {
            let difference = date - reply.sentAtWall
            let (size, side) = difference < .zero ? (.zero - difference, "behind") : (difference, "ahead of")
            if size >= Self.skew {
                return Finding(
                    .warning, "partner", "\(subject): its clock is \(DurationSyntax.words(size)) \(side) this host's",
                    mend:
                        "if timedatectl says that this host is synchronised, the partner's clock is wrong, and its timestamps are read by its own clock"
                )
            }
            facts.append("its clock agrees")
        }
        return Finding(.ok, "partner", "\(subject): \(facts.joined(separator: ", "))")
    }

    private static func mend(ofTLS reason: String) -> String {
        let mends = [
            ("subject name", "the certificate is another server's: correct the address"),
            ("does not speak TLS", "correct the scheme or the port of the address"),
            ("expired", "the partner must renew it, unless this host's clock is wrong: timedatectl"),
            ("not yet valid", "is this host's clock right? timedatectl"),
            ("alert protocol version", "the partner offers only TLS older than 1.2; it must be updated"),
            ("unsupported protocol", "the partner offers only TLS older than 1.2; it must be updated"),
            ("issuer", "name the authority's file under tls: {ca: FILE} of the entry"),
            ("self-signed", "name its file under tls: {ca: FILE} of the entry"),
            ("407", "the proxy wants a name and password, which is not supported"),
        ]
        return mends.first { reason.contains($0.0) }?.1 ?? "openssl s_client -connect HOST:443 shows the certificate"
    }

    private static func mend(_ fault: TransportFault, _ target: Target) -> String {
        let proxy = target.connection.proxy.map { " through the proxy \($0)" } ?? ""
        switch fault.kind {
        case .untrusted: return mend(ofTLS: fault.reason)
        case .timedOut: return "nothing answers\(proxy): a firewall may drop the packets, or the partner is down"
        case .unusable: return "mend the setting that the message names"
        default:
            return fault.reason.contains("resolve")
                ? "check the host's name, and the name servers of this host (resolvectl query HOST)"
                : "is it running, and may this host connect to it\(proxy)?"
        }
    }
}
