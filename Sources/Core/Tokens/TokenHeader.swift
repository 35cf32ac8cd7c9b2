package import Secrets

/// A request header, or a pair of the query, that carries the token to the partner.
package struct TokenHeader: Sendable, Equatable {
    package let name: String
    package let value: Secret

    package init(name: String, value: Secret) {
        self.name = name
        self.value = value
    }
}
