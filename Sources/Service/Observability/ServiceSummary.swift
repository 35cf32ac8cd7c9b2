import Time

/// The state of the daemon in one line: `6/6 tokens, next renewal in 4 min`. `systemctl status` and `tokenbroker status` show it.
package struct ServiceSummary: Sendable, Equatable {
    package var tokens: Int
    /// The names of tokens that cannot be served.
    package var missing: [String]
    package var nextRenewal: Duration?
    package var isStoreUsable = true
    /// Why the last reload was refused; nil where it was not.
    package var reloadFault: String?

    /// The number of missing tokens that are named.
    private static let named = 3

    package init(tokens: Int, missing: [String], nextRenewal: Duration?) {
        self.tokens = tokens
        self.missing = missing
        self.nextRenewal = nextRenewal
    }

    package var text: String {
        var parts = ["\(tokens - missing.count)/\(tokens) tokens"]
        if let nextRenewal { parts.append("next renewal \(nextRenewal > .zero ? "in \(DurationSyntax.words(nextRenewal))" : "now")") }
        var text = parts.joined(separator: ", ")
        if !missing.isEmpty {
            let names = missing.sorted()
            text += "; missing: \(names.prefix(Self.named).joined(separator: ", "))"
            if names.count > Self.named { text += " and \(names.count - Self.named) more" }
        }
        if !isStoreUsable { text += "; the store is unusable, tokens are kept only in memory" }
        if let reloadFault { text += "; the last reload was refused: \(reloadFault)" }
        return text
    }
}
