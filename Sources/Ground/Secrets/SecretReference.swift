/// Where a secret is read from. The configuration holds this and never the secret itself, except for `value`, which `check` warns about.
package enum SecretReference: Sendable, Equatable {
    /// A file that only its owner may read; `isShared` accepts a file that others can read too.
    case file(path: String, isShared: Bool)
    case environment(name: String)
    /// A file in $CREDENTIALS_DIRECTORY (systemd.exec(5), LoadCredential=).
    case credential(name: String)
    /// The output of a command, which is run without a shell; of the daemon's environment it has PATH, HOME, LANG and these variables.
    case command([String], environment: [String] = [])
    /// The secret itself; `Secret` keeps it from being printed.
    case value(Secret)

    /// The place as error messages name it; never the content.
    package var place: String {
        switch self {
        case .file(let path, _): "file \(path)"
        case .environment(let name): "environment variable \(name)"
        case .credential(let name): "credential \(name)"
        case .command(let words, _): "command \(words.first ?? "")"
        case .value: "value in the configuration"
        }
    }
}
