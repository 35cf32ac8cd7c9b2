import Time

/// How the daemon is, in one line: `6/6 tokens, next renewal in 4 min`. `systemctl status` and `tokenbroker status` show the same.
package struct ServiceSummary: Sendable, Equatable {
    package var tokens: Int
    /// Names of tokens that cannot be served.
    package var missing: [String]
    package var nextRenewal: Duration?
    package var isStoreUsable = true
    /// Why the last reload changed nothing.
    package var reloadFault: String?

    /// Names that are written out.
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
        if !isStoreUsable { text += "; the store cannot be used, tokens are kept in memory alone" }
        if let reloadFault { text += "; the last reload was refused: \(reloadFault)" }
        return text
    }
}
