import Configuration
import HTTPTypes
import JSON
import OutboundHTTP
import Providers
import Time
import Tokens

/// Endpoints that issuers publish (RFC 8414 §3, OpenID Connect Discovery §4), each issuer's kept for an hour.
actor IssuerMetadata {
    private struct Known {
        let metadata: JSONValue
        let until: BootInstant
    }

    private static let time = Duration.seconds(3600)
    private let clocks: any Clocks
    private let transport: any HTTPTransport
    private var known: [String: Known] = [:]
    private var asking: [String: Task<Result<JSONValue, LoginFailure>, Never>] = [:]

    init(clocks: any Clocks, transport: any HTTPTransport) {
        self.clocks = clocks
        self.transport = transport
    }

    /// Fills in the endpoints that a login needs and its entry does not set.
    ///
    /// - Throws: `LoginFailure`, if the issuer does not answer, answers for another issuer, or publishes no such endpoint
    ///   or, over https, one of http.
    func complete(_ values: ValueScope, of token: TokenConfiguration) async throws(LoginFailure) -> ValueScope {
        let missing = token.provider.inputs.filter { $0.discovered != nil && values[$0.name] == nil }
        guard !missing.isEmpty, let issuer = values["issuer"].map({ String(decoding: $0, as: UTF8.self) }) else { return values }
        let metadata = try await metadata(of: issuer, token.connection)
        var values = values
        for input in missing {
            guard let url = input.discovered.flatMap({ metadata[$0]?.text }) else {
                if input.isOptional { continue }
                throw LoginFailure(.badReply, "the metadata of \(issuer) have no \(input.discovered ?? ""); set \(input.name)")
            }
            if let problem = BaseURL.problem(with: url) {
                throw LoginFailure(.badReply, "the metadata of \(issuer): \(input.discovered ?? "") \(problem)")
            }
            if issuer.hasPrefix("https:"), !url.hasPrefix("https:") {
                throw LoginFailure(.badReply, "the metadata of \(issuer): \(input.discovered ?? "") is \(url), which is not https as the issuer is")
            }
            values[input.name] = Array(url.utf8)
        }
        return values
    }

    private func metadata(of issuer: String, _ connection: ConnectionSettings) async throws(LoginFailure) -> JSONValue {
        if let known = known[issuer], known.until > clocks.boot { return known.metadata }
        let task = asking[issuer] ?? Task { [transport] in await Self.ask(issuer, connection, transport) }
        asking[issuer] = task
        let result = await task.value
        asking[issuer] = nil
        let metadata = try result.get()
        known[issuer] = Known(metadata: metadata, until: clocks.boot + Self.time)
        return metadata
    }

    private static func ask(_ issuer: String, _ connection: ConnectionSettings, _ transport: any HTTPTransport) async -> Result<
        JSONValue, LoginFailure
    > {
        var last = LoginFailure(.badReply, "")
        for url in places(of: issuer) {
            var fields = HTTPFields()
            fields[.accept] = "application/json"
            let reply: PartnerReply
            do throws(TransportFault) {
                reply = try await transport.send(OutboundRequest(method: .get, url: url, fields: fields, connection: connection))
            } catch {
                return .failure(LoginFailure(error).at(url))
            }
            let reader = ReplyReader(reply)
            if let failure = reader.failure(success: SuccessRule(), errors: ErrorRules(), redactor: .ofNothing) {
                last = failure.at(url)
                if failure.failureClass.isPassing { return .failure(last) }
                continue
            }
            guard let metadata = reader.json, let named = metadata["issuer"]?.text else {
                last = LoginFailure(.badReply, "is no metadata of an issuer", status: reply.status).at(url)
                continue
            }
            // Another issuer's metadata would send the secrets to it (RFC 8414 §3.3).
            guard BaseURL.withoutFinalSlash(named) == BaseURL.withoutFinalSlash(issuer) else {
                return .failure(LoginFailure(.badReply, "names another issuer, \(named)", status: reply.status).at(url))
            }
            return .success(metadata)
        }
        return .failure(last)
    }

    /// The well-known places of an issuer's metadata: of RFC 8414 between host and path, of OpenID Connect behind the path.
    private static func places(of issuer: String) -> [String] {
        let bare = BaseURL.withoutFinalSlash(issuer)
        let origin = bare.prefix(while: { $0 != ":" }) + "://" + BaseURL.host(bare)
        let path = bare.dropFirst(origin.count)
        return ["\(origin)/.well-known/oauth-authorization-server\(path)", "\(bare)/.well-known/openid-configuration"]
    }
}

extension LoginFailure {
    /// The same failure of a request for metadata: it says nothing about the entry's secrets.
    fileprivate func at(_ url: String) -> LoginFailure {
        var failure = self
        if failure.failureClass == .rejected { failure.failureClass = .refused }
        failure.reason = "metadata at \(url): \(reason)"
        return failure
    }
}
