import Store
import Time
import Tokens

/// The order of the logins of one entry on all hosts.
enum FleetOrder {
    /// A stored record, with its instants converted to this boot's clock.
    ///
    /// The conversion uses the age by the store's clock alone, which may be too low by at most the second in which it states its time: a boot id
    /// names no clock.
    static func record(_ stored: FleetRecord, policy: RefreshPolicy) -> TokenRecord? {
        guard var record = TokenRecord(stored.token.record, policy: policy) else { return nil }
        record.state.move(by: stored.made - record.boot)
        return record
    }

    /// Whether a stored record stands against this host's own; one that cannot be read does not.
    static func prevails(_ stored: FleetRecord?, over own: StoredToken) -> Bool {
        let policy = RefreshPolicy()
        guard let theirs = stored.flatMap({ record($0, policy: policy) }), let own = TokenRecord(own.record, policy: policy) else {
            return false
        }
        return !own.isNewer(than: theirs)
    }
}
