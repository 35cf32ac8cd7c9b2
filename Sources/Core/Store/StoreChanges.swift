/// Changes that are written in one transaction.
package struct StoreChanges: Sendable {
    package var tokens: [RecordName: StoredToken] = [:]
    package var removed: Set<RecordName> = []
    package var attempts: [PastLogin] = []

    package init() {}

    package var isEmpty: Bool { tokens.isEmpty && removed.isEmpty && attempts.isEmpty }
}
