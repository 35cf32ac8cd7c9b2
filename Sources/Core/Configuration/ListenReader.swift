import OutboundHTTP
import Text
import YAML

/// Reads `listen:` and `limits:`.
enum ListenReader {
    static func read(_ node: YAMLNode, accounts: HostAccounts, into configuration: inout BrokerConfiguration) {
        guard let entries = node.list() else { return }
        if entries.isEmpty { node.fault("needs at least one address") }
        var seen: Set<String> = []
        configuration.listeners = entries.compactMap { entry in
            guard let mapping = entry.mapping() else { return nil }
            defer { mapping.finish() }
            configuration.hosts += mapping.take("hosts")?.strings() ?? []
            if let credentials = mapping.take("credentials") {
                configuration.credentialSocket = path(credentials)
                return nil
            }
            let tcp = mapping.take("tcp")
            let unix = mapping.take("unix")
            let mode = mapping.take("mode")
            let group = mapping.take("group")
            switch (tcp, unix) {
            case (let tcp?, nil):
                if let text = tcp.string(), !seen.insert(text).inserted { tcp.fault("is listed twice") }
                if let wrong = mode ?? group { wrong.fault("applies only to a unix socket") }
                return self.tcp(tcp)
            case (nil, let unix?):
                if let text = unix.string(), !seen.insert(text).inserted { unix.fault("is listed twice") }
                if let group, let name = group.string(), !accounts.hasGroup(name) {
                    group.fault("there is no group \(name) on this host\(Suggestion.text(for: name, among: accounts.groups(), "groups"))")
                }
                return self.unix(unix, mode: mode, group: group)
            default:
                entry.fault("must have tcp: 127.0.0.1:8653, unix: /path or credentials: /path")
                return nil
            }
        }
        if configuration.listeners.isEmpty, configuration.credentialSocket != nil { node.fault("needs a tcp or unix address, too") }
    }

    private static func tcp(_ node: YAMLNode) -> ListenerConfiguration? {
        guard let text = node.string() else { return nil }
        guard isLoopback(text) else {
            node.fault("must be a loopback address with a port from 0 to 65535, such as 127.0.0.1:8653 or \"[::1]:8653\"")
            return nil
        }
        return ListenerConfiguration(address: .tcp(text))
    }

    private static func isLoopback(_ text: String) -> Bool {
        guard let colon = text.lastIndex(of: ":"), UInt16(text[text.index(after: colon)...]) != nil else { return false }
        let host = String(text[..<colon])
        return host == "[::1]" || host.hasPrefix("127.") && BaseURL.isLoopbackLiteral(host)
    }

    private static func path(_ node: YAMLNode) -> String? {
        guard let path = node.string() else { return nil }
        if path.hasPrefix("/"), path.utf8.count <= 107 { return path }
        node.fault("must be an absolute path of at most 107 bytes (abstract sockets have no file mode and are refused)")
        return nil
    }

    private static func unix(_ node: YAMLNode, mode: YAMLNode?, group: YAMLNode?) -> ListenerConfiguration? {
        guard let path = path(node) else { return nil }
        var bits: UInt32 = 0o660
        if let mode, let text = mode.string() {
            if let value = UInt32(text, radix: 8), value <= 0o777, text.count >= 3 {
                bits = value
            } else {
                mode.fault("must be an octal file mode, such as \"0660\"")
            }
        }
        if bits & 0o200 == 0 || bits & 0o040 != 0 && bits & 0o020 == 0 || bits & 0o004 != 0 && bits & 0o002 == 0 {
            mode?.fault("grants read without write; connecting to a socket needs both (unix(7)), such as \"0660\"")
        }
        if let group, bits & 0o060 == 0 { group.fault("has no effect with this mode: the group cannot connect") }
        return ListenerConfiguration(address: .unix(path: path, mode: bits, group: group?.string()))
    }

    static func readLimits(_ node: YAMLNode, into limits: inout ConnectionBounds) {
        guard let mapping = node.mapping() else { return }
        if let value = mapping.take("header")?.size(in: 1024...1024 * 1024) { limits.headerBytes = value }
        if let value = mapping.take("header_fields")?.integer(in: 10...1000) { limits.fields = value }
        if let value = mapping.take("body")?.size(in: 1024...16 * 1024 * 1024) { limits.bodyBytes = value }
        let times: ClosedRange<Duration> = .milliseconds(100) ... .seconds(3600)
        if let value = mapping.take("header_time")?.duration(in: times) { limits.headerTime = value }
        if let value = mapping.take("request_time")?.duration(in: times) { limits.requestTime = value }
        if let value = mapping.take("idle_time")?.duration(in: times) { limits.idleTime = value }
        if let value = mapping.take("idle_grace")?.duration(in: .zero ... .seconds(60)) { limits.idleGrace = value }
        if let value = mapping.take("first_request_grace")?.duration(in: .zero ... .seconds(5)) { limits.firstRequestGrace = value }
        if let value = mapping.take("connections")?.integer(in: 8...100_000) { limits.connections = value }
        if let value = mapping.take("stranger_connections")?.integer(in: 4...100_000) { limits.strangerConnections = value }
        if let value = mapping.take("user_connections")?.integer(in: 4...100_000) { limits.userConnections = value }
        if let value = mapping.take("share_memory")?.size(in: 1024 * 1024...1024 * 1024 * 1024) { limits.shareBytes = value }
        if let value = mapping.take("waiting")?.integer(in: 16...1_000_000) { limits.waiting = value }
        if let value = mapping.take("refusals")?.rate() { limits.refusals = value }
        mapping.finish()
    }
}
