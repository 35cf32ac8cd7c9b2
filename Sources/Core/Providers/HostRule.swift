import OutboundHTTP

/// A host that a kept URL may lead to besides the origin of `base_url`: `api.example.com`, or `*.example.com` for one or more labels below
/// it. The port is 443 or that of `base_url`, unless the rule has one: `api.example.com:8443`.
package struct HostRule: Sendable, Hashable {
    package let text: String
    private let name: String
    private let port: String?
    private let isBelow: Bool

    /// Nil for a text that names no host, or every host.
    package init?(_ text: String) {
        let parts = text.lowercased().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        isBelow = parts[0].hasPrefix("*.")
        name = String(isBelow ? parts[0].dropFirst(2) : parts[0])
        port = parts.count > 1 ? String(parts[1]) : nil
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isLabel: (Substring) -> Bool = { label in
            (1...63).contains(label.utf8.count) && label.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
        }
        guard labels.count >= 2, labels.allSatisfy(isLabel), port.map({ UInt16($0).map { String($0) } == $0 && $0 != "0" }) ?? true else {
            return nil
        }
        self.text = text
    }

    /// Whether a host of a URL, in lower case, with this port is covered.
    ///
    /// - Parameter usual: ports that a rule without one covers.
    func covers(host: String, port: String, usual: Set<String>) -> Bool {
        guard self.port.map({ $0 == port }) ?? usual.contains(port) else { return false }
        return isBelow ? host.hasSuffix(".\(name)") && host.count > name.count + 1 : host == name
    }
}

extension ProviderDefinition {
    /// Why a URL that a partner's answer gave must not be requested; nil if it may be. Secrets follow it.
    ///
    /// - Parameter bases: the configured values of the inputs of `kind: url`.
    package func problem(withKept url: String, bases: [String]) -> String? {
        if let problem = BaseURL.problem(with: url) { return problem }
        let origins = bases.compactMap(BaseURL.origin)
        guard let origin = BaseURL.origin(url) else { return "is no URL" }
        if origins.contains(origin) { return nil }
        let usual = Set(origins.map(\.port)).union(["443"])
        if origin.scheme == "https", hosts.contains(where: { $0.covers(host: origin.host, port: origin.port, usual: usual) }) { return nil }
        return "leaves the origin of the base URL for \(origin.scheme)://\(origin.host):\(origin.port); hosts: lists where it may lead, by https"
    }
}
