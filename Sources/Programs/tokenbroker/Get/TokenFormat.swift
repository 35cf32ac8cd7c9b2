import ArgumentParser

/// The forms in which programs want a token.
enum TokenFormat: String, CaseIterable, ExpressibleByArgument {
    case bare, header, env, curl, kubectl, git, docker, aws, keyring

    /// Whether it is a protocol that a program speaks with a helper.
    var isHelper: Bool {
        switch self {
        case .kubectl, .git, .docker, .aws, .keyring: true
        case .bare, .header, .env, .curl: false
        }
    }
}
