/// Who may use a route.
package enum RoutePermission: Sendable, Equatable {
    /// Everybody.
    case open
    /// Every known caller; with `strangersToo` an unknown caller gets a shorter answer.
    case known(strangersToo: Bool)
    /// Every known caller, and an unknown one where the configuration opens the metrics.
    case metrics
    /// A client whose name and key are in the request's Basic or body, and which may read the token.
    case oauth2
    /// A caller with this permission on the token that the path names.
    case read, refresh
    case admin
}
