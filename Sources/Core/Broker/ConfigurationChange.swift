import Configuration

/// What a new configuration makes of the entries there are. Pure.
struct ConfigurationChange: Equatable {
    enum Step: Equatable {
        /// No such entry yet.
        case launch(String)
        /// One token was made of an entry with combinations, or the other way round.
        case relaunch(String)
        /// The entry stays; whether its login is another one now its keepers find out.
        case reconfigure(String)
    }

    /// Entries that are no longer configured, ordered by name.
    let removed: [String]
    /// In the order of the configuration.
    let steps: [Step]

    init(from old: [String: TokenConfiguration], to new: [TokenConfiguration]) {
        let wanted = Set(new.map(\.name))
        removed = old.keys.filter { !wanted.contains($0) }.sorted()
        steps = new.map { token in
            guard let before = old[token.name] else { return .launch(token.name) }
            return before.perRequest.isEmpty == token.perRequest.isEmpty ? .reconfigure(token.name) : .relaunch(token.name)
        }
    }
}
