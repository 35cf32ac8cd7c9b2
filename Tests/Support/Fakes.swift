package import Configuration
import HTTPTypes
package import OutboundHTTP
package import Secrets
package import Synchronization
package import Time
package import Tokens
package import YAML

/// Answers requests from a closure, and counts them.
package final class FakeTransport: HTTPTransport {
    package typealias Answer = @Sendable (_ request: OutboundRequest, _ number: Int) async throws(TransportFault) -> PartnerReply
    private let answer: Answer
    private let seen = Mutex<[OutboundRequest]>([])

    package init(_ answer: @escaping Answer) { self.answer = answer }

    package var requests: [OutboundRequest] { seen.withLock { $0 } }

    package func send(_ request: OutboundRequest) async throws(TransportFault) -> PartnerReply {
        let number = seen.withLock { seen in
            seen.append(request)
            return seen.count
        }
        return try await answer(request, number)
    }
}

package final class RecordedEvents: EventSink {
    private let events = Mutex<[BrokerEvent]>([])

    package init() {}

    package var all: [BrokerEvent] { events.withLock { $0 } }

    package func record(_ event: BrokerEvent) { events.withLock { $0.append(event) } }
}

/// Secrets by place, for tests without files; counts how often it was asked.
package final class FakeSecrets: SecretSource {
    package func readBytes(_ reference: SecretReference) async throws(SecretFault) -> [UInt8] { try await read(reference).exposedBytes }

    private let count = Mutex(0)
    package var reads: Int { count.withLock { $0 } }
    /// Holds each read back, where there is one.
    package let valve = Mutex<Valve?>(nil)

    package init() {}

    package func read(_ reference: SecretReference) async throws(SecretFault) -> Secret {
        count.withLock { $0 += 1 }
        await valve.withLock { $0 }?.pass()
        if case .value(let secret) = reference { return secret }
        throw SecretFault(place: reference.place, problem: "is not there")
    }
}

extension PartnerReply {
    package static func make(
        _ status: Int, _ body: String = "", type: String = "application/json", fields: [(String, String)] = [], clocks: some Clocks
    ) -> PartnerReply {
        var all = HTTPFields()
        all[.contentType] = type
        for (name, value) in fields { if let name = HTTPField.Name(name) { all.append(HTTPField(name: name, value: value)) } }
        return PartnerReply(
            status: status, fields: all, body: Array(body.utf8), sentAt: clocks.boot, sentAtWall: clocks.wall, receivedAtWall: clocks.wall)
    }
}

/// Configurations from YAML text.
package enum TestConfiguration {
    package static func read(_ yaml: String, files: [String: String] = [:]) throws(ConfigurationFaults) -> BrokerConfiguration {
        let reader = ConfigurationReader(
            readFile: { path in
                if path == "config.yaml" { return .success(yaml) }
                return files[path].map { .success($0) } ?? .failure(SystemMessage("No such file or directory"))
            },
            listFolder: { folder in files.keys.filter { $0.hasPrefix("\(folder)/") }.map { String($0.dropFirst(folder.count + 1)) } })
        return try reader.read("config.yaml").configuration
    }

    /// One token of a provider that is described here: a POST, `access_token` and `expires_in`.
    package static let plainProvider = """
        providers:
          - provider: plain
            inputs: {secret: {secret: true}}
            login:
              - {method: POST, url: "https://partner.example/token", json: {secret: "{secret}"}}
            token:
              from: {json: /access_token}
              expires: [{json: /expires_in, unit: seconds}]
            use: {headers: {Authorization: "Bearer {token}"}}

        """
}

/// Files of the repository.
package enum Repository {
    package static let root: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()
}
