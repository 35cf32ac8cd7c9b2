/// How callers present the token to the partner.
package struct TokenUse: Sendable, Hashable {
    package var headers: [HeaderTemplate] = []
}
