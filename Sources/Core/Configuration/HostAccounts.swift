/// The users and groups of this host, by name. Injected, so that a configuration can be read without them.
package struct HostAccounts: Sendable {
    package var hasUser: @Sendable (String) -> Bool
    package var hasGroup: @Sendable (String) -> Bool
    /// The names that can be listed, for hints; a directory service need not list its own.
    package var users: @Sendable () -> [String]
    package var groups: @Sendable () -> [String]

    package init(
        hasUser: @escaping @Sendable (String) -> Bool, hasGroup: @escaping @Sendable (String) -> Bool,
        users: @escaping @Sendable () -> [String] = { [] }, groups: @escaping @Sendable () -> [String] = { [] }
    ) {
        self.hasUser = hasUser
        self.hasGroup = hasGroup
        self.users = users
        self.groups = groups
    }

    /// A host of which nothing is known: every name may exist.
    package static let unknown = HostAccounts(hasUser: { _ in true }, hasGroup: { _ in true })
}
