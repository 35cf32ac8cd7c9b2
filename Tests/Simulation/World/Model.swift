import Broker
import Configuration
import Store
import Time
import Tokens

/// What must hold of one machine, by what the world has seen: what partners were sent and answered, what the disk took, what callers got, and of the
/// broker's own words its events.
struct Model: Sendable {
    /// A token that was delivered, and until when by the rules it must be served at least.
    struct Held: Sendable {
        var token: String
        var until: BootInstant
    }

    struct Committed: Sendable {
        var held: Held
        var login: [UInt8]
        var clockSteps: Int
    }

    /// Adopted tokens, by account and tenant.
    var held: [String: Held] = [:]
    /// Delivered tokens that are not adopted yet, by fingerprint.
    var delivered: [String: Held] = [:]
    /// What the disk holds.
    var committed: [RecordName: Committed] = [:]
    /// Requests on their way, by account and tenant.
    var flights: [String: [Flight]] = [:]
    /// Until when the partner wants no login: of an account (429), or of one account and tenant (5xx).
    var pauses: [String: BootInstant] = [:]
    var entryPauses: [String: BootInstant] = [:]
    /// The earliest next login after a failure that stated no pause, by account and tenant.
    var least: [String: BootInstant] = [:]
    /// The logins of this process within the last minute, by account, where the definition limits them.
    var moments: [String: [BootInstant]] = [:]
    /// Rejections in a row, by account and tenant.
    var rejections: [String: [BootInstant]] = [:]
    /// Why the last login of an account was made.
    var triggers: [String: TokenState.Trigger] = [:]
    /// New tokens and rejections, by account, within the last hour.
    var spent: [String: [BootInstant]] = [:]
    /// Accounts whose learned lifetime may be shorter than the configured one.
    var learned: Set<String> = []
    /// Accounts whose next login an operator wants.
    var isOrderedByAdmin: Set<String> = []
    /// Tokens whose record names a wall clock that was set since, and that a start restored: how old they are cannot be known.
    var excused: Set<String> = []
    /// When a configuration was applied last: the login of an entry that it has changed is cancelled, and the next one begins.
    var appliedAt = BootInstant(nanoseconds: 0)
    /// Accounts that an operator has paused or revoked, and those of which the disk knows.
    var heldBack: Set<String> = []
    var committedHolds: Set<String> = []
    /// Tokens that were revoked.
    var withdrawn: Set<String> = []
    /// Requests of callers that have no answer yet, by number, and when they must have one.
    var open: [Int: BootInstant] = [:]

    /// What another process of the machine does not know.
    mutating func forgetProcess() {
        (held, delivered, flights, pauses, entryPauses, rejections, spent, isOrderedByAdmin) = ([:], [:], [:], [:], [:], [:], [:], [])
        (open, least, moments) = ([:], [:], [:])
    }

    /// What an operator, another secret or another configuration lifts.
    mutating func release(_ account: String, withPause: Bool) {
        for key in rejections.keys where Self.account(key) == account { rejections[key] = nil }
        for key in least.keys where Self.account(key) == account { least[key] = nil }
        for key in entryPauses.keys where Self.account(key) == account { entryPauses[key] = nil }
        if withPause { pauses[account] = nil }
    }

    static func account(_ key: String) -> String { String(key.prefix { $0 != "/" }) }
}
