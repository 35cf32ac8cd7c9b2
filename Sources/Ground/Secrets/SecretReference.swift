/// Where a secret stands; the configuration holds this, never the secret itself (but for `value`, which `check` warns of).
package enum SecretReference: Sendable, Equatable {
    /// A file that only its owner may read; `isShared` accepts one that others can read too.
    case file(path: String, isShared: Bool)
    case environment(name: String)
    /// A file in $CREDENTIALS_DIRECTORY (systemd.exec(5), LoadCredential=).
    case credential(name: String)
    /// What a command prints; run directly, not by a shell.
    case command([String])
    /// The secret itself. `Secret` keeps it from being printed.
    case value(Secret)

    /// What a person reads in an error: the place, never the content.
    package var place: String {
        switch self {
        case .file(let path, _): "file \(path)"
        case .environment(let name): "environment variable \(name)"
        case .credential(let name): "credential \(name)"
        case .command(let words): "command \(words.first ?? "")"
        case .value: "value in the configuration"
        }
    }
}
