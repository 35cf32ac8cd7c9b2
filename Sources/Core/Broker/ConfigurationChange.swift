import Configuration

/// The steps from the current entries to a new configuration. Pure.
struct ConfigurationChange: Equatable {
    enum Step: Equatable {
        /// The entry is new.
        case launch(String)
        /// The entry changed between a single token and per-request combinations.
        case relaunch(String)
        /// The entry stays; its keepers determine whether its login changed.
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
