/// Who may use a route.
package enum RoutePermission: Sendable, Equatable {
    /// Anybody.
    case open
    /// Every known caller; a stranger where `strangersToo` gets a shorter answer.
    case known(strangersToo: Bool)
    /// Every known caller, and a stranger where the configuration opens the metrics.
    case metrics
    /// A caller with this permission on the token the path names.
    case read, refresh
    case admin
}
