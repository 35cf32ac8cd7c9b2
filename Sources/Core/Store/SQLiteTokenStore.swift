import Dispatch
import Files
import FoundationEssentials
import GRDB
import Glibc
import JSON
import Secrets
import Synchronization
package import Time

/// Stores tokens in a dedicated SQLite database: WAL, `synchronous=FULL`, mode 0600, every record sealed.
package final class SQLiteTokenStore: TokenStore {
    private let queue: DatabaseQueue
    /// Held while the store is open, so that only one process uses it (flock(2)).
    private let lock: Int32
    private let path: String
    private let key: Secret
    private let clocks: any Clocks

    /// How long, and how many, past logins of a token are kept.
    /// When old logins of every token were last deleted.
    private let pruned = Mutex<WallTime?>(nil)

    /// What tells this connection's own work from another program's: SQLite's counter of others' commits, and the file of the log.
    private let seen = Mutex(Seen())
    private let isEnded = Atomic<Bool>(false)

    private struct Seen {
        var version: Int64?
        var log: UInt64?
    }

    private static let attemptAge = Duration.seconds(30 * 86_400)
    private static let attemptsPerToken = 1000
    /// "tkbr", which distinguishes this database from another program's (PRAGMA application_id).
    private static let applicationID: Int32 = 0x746B_6272
    /// The start of the fault for a wrong key, after the path.
    static let wrongKey = "was sealed with another key"
    private static let keyCheck = Array("tokenbroker store".utf8)

    /// Opens the database, or creates it.
    ///
    /// - Throws: `StoreFault` if the file is damaged, another program's, sealed with another key or not writable; then nothing
    ///   was changed.
    package init(path: String, key: StoreKey, clocks: any Clocks) throws(StoreFault) {
        self.path = path
        self.key = key.derived(for: "records")
        self.clocks = clocks
        let lock = try Self.make(path)
        do {
            let queue = try DatabaseQueue(path: path, configuration: Self.configuration)
            let key = self.key
            // Check the file completely before the first byte is written.
            try queue.read { database in
                try Self.inspect(database)
                // A later version may have other tables, or other records in these.
                if try Self.migrator.hasBeenSuperseded(database) {
                    throw StoreFault("was written by a newer version of tokenbroker; use that version, or move the file away")
                }
                try Self.checkKey(database, key)
            }
            try Self.migrator.migrate(queue)
            try queue.write { try Self.leaveKeyCheck($0, key) }
            (self.queue, self.lock) = (queue, lock)
        } catch {
            close(lock)
            throw Self.fault(error, path)
        }
    }

    deinit { end() }

    package func end() {
        guard !isEnded.exchange(true, ordering: .acquiringAndReleasing) else { return }
        // The order matters: closing any descriptor of the file drops SQLite's own locks (fcntl_locking(2)).
        try? queue.close()
        close(lock)
    }

    /// Creates the file with mode 0600, before SQLite would create it under the umask, and locks it; journal files copy its mode.
    private static func make(_ path: String) throws(StoreFault) -> Int32 {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StoreFault("\(path): cannot be opened for writing: \(SystemCallError.text(of: errno))") }
        do throws(StoreFault) {
            // Retry briefly: a child that was just spawned holds a copy of the descriptor until it executes its program.
            var retriesLeft = 50
            while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                if errno == EWOULDBLOCK, retriesLeft > 0 {
                    retriesLeft -= 1
                    usleep(20_000)
                    continue
                }
                guard errno == EWOULDBLOCK else { throw StoreFault("\(path): cannot be locked: \(SystemCallError.text(of: errno))") }
                throw StoreFault("\(path): is in use by another process; a store belongs to one daemon, so stop the other one first", .held)
            }
            guard fchmod(descriptor, 0o600) == 0 else { throw StoreFault("\(path): its mode cannot be set: \(SystemCallError.text(of: errno))") }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(2)
        // Any other class makes libdispatch call setpriority(2), which the unit's sandbox denies.
        configuration.qos = .default
        configuration.prepareDatabase { database in
            _ = try String.fetchOne(database, sql: "PRAGMA journal_mode=WAL")
            try database.execute(sql: "PRAGMA synchronous=FULL")
        }
        return configuration
    }

    /// Checks what must hold before anything is written.
    static func inspect(_ database: Database) throws {
        let application = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let isEmpty = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0
        guard isEmpty || application == applicationID else { throw StoreFault("is another program's database") }
        guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else { throw StoreFault("synchronous=FULL is not in effect") }
        if let problem = try String.fetchOne(database, sql: "PRAGMA quick_check(1)"), problem != "ok" { throw StoreFault("is damaged (\(problem))") }
    }

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    PRAGMA application_id = \(applicationID);
                    CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
                    CREATE TABLE token (
                        name TEXT NOT NULL, inputs TEXT NOT NULL, login BLOB NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (name, inputs)) WITHOUT ROWID;
                    CREATE TABLE attempt (
                        id INTEGER PRIMARY KEY, token TEXT NOT NULL, at INTEGER NOT NULL, outcome TEXT NOT NULL, took INTEGER NOT NULL,
                        status INTEGER, reason TEXT);
                    CREATE INDEX attempt_token ON attempt (token, id);
                    """)
        }
        return migrator
    }

    /// Checks that a database with records was sealed with this key.
    static func checkKey(_ database: Database, _ key: Secret) throws {
        guard try database.tableExists("meta"), let sealed = try Data.fetchOne(database, sql: "SELECT value FROM meta WHERE name = 'key_check'")
        else {
            return
        }
        guard SealedRecord.open(Array(sealed), key: key, associated: keyCheck) == keyCheck else {
            throw StoreFault(Self.wrongKey + "; provide that key, or move the file away to have every token logged in again")
        }
    }

    /// Seals every record with another key, in one transaction. Afterwards this store is unusable and must be opened again.
    package func rekey(to new: StoreKey) throws(StoreFault) {
        let (old, new) = (key, new.derived(for: "records"))
        do {
            try queue.write { database in
                for row in try Row.fetchAll(database, sql: "SELECT name, inputs, login, sealed FROM token") {
                    guard let (name, login, sealed) = Self.columns(row),
                        let record = SealedRecord.open(Array(sealed), key: old, associated: Self.associated(name, Array(login)))
                    else { throw StoreFault("the record of \(row["name"] ?? "unknown") cannot be opened; nothing was changed") }
                    let resealed = SealedRecord.seal(record, key: new, associated: Self.associated(name, Array(login)))
                    try database.execute(
                        sql: "UPDATE token SET sealed = ? WHERE name = ? AND inputs = ?", arguments: [Data(resealed), name.token, name.inputs])
                }
                try database.execute(sql: "DELETE FROM meta WHERE name = 'key_check'")
                try Self.leaveKeyCheck(database, new)
            }
        } catch {
            throw Self.fault(error, path)
        }
    }

    /// Stores a text that only this key opens.
    private static func leaveKeyCheck(_ database: Database, _ key: Secret) throws {
        let sealed = SealedRecord.seal(keyCheck, key: key, associated: keyCheck)
        try database.execute(sql: "INSERT OR IGNORE INTO meta VALUES ('key_check', ?)", arguments: [Data(sealed)])
    }

    static func fault(_ error: any Error, _ path: String) -> StoreFault {
        switch error {
        case let fault as StoreFault: StoreFault("\(path): \(fault)", fault.kind)
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_NOTADB: StoreFault("\(path): is not an SQLite database")
            case .SQLITE_CORRUPT: StoreFault("\(path): is damaged (\(error.message ?? "")); move it away to start with a new one")
            case .SQLITE_FULL: StoreFault("\(path): the disk is full")
            default: StoreFault("\(path): \(error.message ?? "error \(error.resultCode.rawValue)")")
            }
        default: StoreFault("\(path): \(error)")
        }
    }

    // MARK: Tokens

    package func load() async throws(StoreFault) -> [StoredToken] {
        let key = key
        return try await run { queue in try await queue.read { try Self.tokens(of: $0, key: key) } }
    }

    /// The tokens whose records the key opens.
    static func tokens(of database: Database, key: Secret) throws -> [StoredToken] {
        var tokens: [StoredToken] = []
        for row in try Row.fetchAll(database, sql: "SELECT name, inputs, login, sealed FROM token") {
            guard let (name, login, sealed) = columns(row),
                let record = SealedRecord.open(Array(sealed), key: key, associated: associated(name, Array(login)))
            else { continue }
            tokens.append(StoredToken(name: name, login: Array(login), record: record))
        }
        return tokens
    }

    package func write(_ changes: StoreChanges) async throws(StoreFault) {
        try checkPlace()
        let (key, oldest) = (key, clocks.wall - Self.attemptAge)
        let prunesAll = isPruningDue()
        try await run { [self] queue in
            try await queue.write { database in
                try checkVersion(database)
                for name in changes.removed {
                    try database.execute(sql: "DELETE FROM token WHERE name = ? AND inputs = ?", arguments: [name.token, name.inputs])
                }
                for token in changes.tokens.values {
                    let sealed = SealedRecord.seal(token.record, key: key, associated: Self.associated(token.name, token.login))
                    try database.execute(
                        sql: "INSERT OR REPLACE INTO token VALUES (?, ?, ?, ?)",
                        arguments: [token.name.token, token.name.inputs, Data(token.login), Data(sealed)])
                }
                for attempt in changes.attempts { try Self.insert(attempt, into: database) }
                for token in Set(changes.attempts.map(\.token)) { try Self.prune(token, in: database, before: oldest) }
                // Entries that are gone write no more, and their logins grow old all the same.
                if prunesAll { try database.execute(sql: "DELETE FROM attempt WHERE at < ?", arguments: [oldest.nanoseconds]) }
            }
        }
        let log = Self.file("\(path)-wal")
        seen.withLock { $0.log = log }
    }

    /// - Throws: `StoreFault` if another program has written to the database, as a restored backup does.
    private func checkVersion(_ database: Database) throws {
        let version = try Int64.fetchOne(database, sql: "PRAGMA data_version")
        let before = seen.withLock { seen in
            defer { seen.version = version }
            return seen.version
        }
        if let before, before != version { throw StoreFault("was written by another program; every token is written again", .moved) }
    }

    private static func file(_ path: String) -> UInt64? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    /// Whether a day has passed since old logins of every token were deleted.
    private func isPruningDue() -> Bool {
        let now = clocks.wall
        return pruned.withLock { pruned in
            if let before = pruned, now >= before, now - before < .seconds(86_400) { return false }
            pruned = now
            return true
        }
    }

    /// - Throws: `StoreFault` if the path leads to another file than the one that is open: what is written there the next start does not find.
    private func checkPlace() throws(StoreFault) {
        var (opened, found) = (stat(), stat())
        guard unsafe fstat(lock, &opened) == 0 else { return }
        guard unsafe stat(path, &found) == 0 else { throw StoreFault("\(path): is gone; the file that was open has been moved or deleted", .moved) }
        guard found.st_dev == opened.st_dev, found.st_ino == opened.st_ino else {
            throw StoreFault("\(path): is another file than was open; that one has been moved, or replaced by a backup", .moved)
        }
        guard found.st_size > 0 else { throw StoreFault("\(path): has been emptied", .moved) }
        // The log holds what the file itself does not have yet, for as long as the database is open.
        guard seen.withLock({ $0.log == nil || $0.log == Self.file("\(path)-wal") }) else {
            throw StoreFault("\(path)-wal: has been deleted or replaced while the database was open", .moved)
        }
    }

    /// Binds a record to its name, inputs and login: moved to another row, it does not open.
    private static func associated(_ name: RecordName, _ login: [UInt8]) -> [UInt8] {
        Array(name.token.utf8) + [0] + Array(name.inputs.utf8) + [0] + login
    }

    /// The columns of a token's row; nil for a row that is not this program's work: SQLite keeps any type in any column.
    private static func columns(_ row: Row) -> (name: RecordName, login: Data, sealed: Data)? {
        guard let token = String.fromDatabaseValue(row["name"]), let inputs = String.fromDatabaseValue(row["inputs"]),
            let login = Data.fromDatabaseValue(row["login"]), let sealed = Data.fromDatabaseValue(row["sealed"]), let name = name(token, inputs)
        else { return nil }
        return (name, login, sealed)
    }

    private static func name(_ token: String, _ inputs: String) -> RecordName? {
        guard !inputs.isEmpty else { return RecordName(token) }
        guard case .object(let members)? = JSONValue(parsing: Array(inputs.utf8)) else { return nil }
        return RecordName(token, members.compactMapValues(\.text))
    }

    // MARK: Attempts

    private static func insert(_ attempt: PastLogin, into database: Database) throws {
        try database.execute(
            sql: "INSERT INTO attempt (token, at, outcome, took, status, reason) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                attempt.token, attempt.at.nanoseconds, attempt.outcome, attempt.took.nanoseconds, attempt.status, attempt.reason,
            ])
    }

    private static func prune(_ token: String, in database: Database, before oldest: WallTime) throws {
        try database.execute(
            sql: """
                DELETE FROM attempt WHERE token = :token AND (at < :oldest OR id <= (
                    SELECT id FROM attempt WHERE token = :token ORDER BY id DESC LIMIT 1 OFFSET :kept))
                """,
            arguments: ["token": token, "oldest": oldest.nanoseconds, "kept": attemptsPerToken])
    }

    package func history(of token: String, limit: Int) async throws(StoreFault) -> [PastLogin] {
        try await run { queue in
            try await queue.read { database in
                let sql = "SELECT at, outcome, took, status, reason FROM attempt WHERE token = ? ORDER BY id DESC LIMIT ?"
                return try Row.fetchAll(database, sql: sql, arguments: [token, limit]).compactMap { row in
                    // Rows of other types are passed over, as damaged records are.
                    guard let at = Int64.fromDatabaseValue(row["at"]), let outcome = String.fromDatabaseValue(row["outcome"]),
                        let took = Int64.fromDatabaseValue(row["took"])
                    else { return nil }
                    return PastLogin(
                        token: token, at: WallTime(nanoseconds: at), outcome: outcome, took: .nanoseconds(took),
                        status: Int.fromDatabaseValue(row["status"]), reason: String.fromDatabaseValue(row["reason"]))
                }
            }
        }
    }

    package func logins(since start: WallTime, before end: WallTime) async throws(StoreFault) -> [LoginCount] {
        try await run { queue in
            try await queue.read { database in
                let sql = """
                    SELECT at / :hour AS hour, SUM(outcome IN ('success', 'same_token')) AS good, COUNT(*) AS count FROM attempt
                    WHERE at >= :start AND at < :end AND outcome <> 'waiting' AND outcome NOT LIKE 'refresh\\_%' ESCAPE '\\' GROUP BY hour
                    """
                return try Row.fetchAll(database, sql: sql, arguments: ["hour": Self.hour, "start": start.nanoseconds, "end": end.nanoseconds])
                    .compactMap { row in
                        guard let hour = Int64.fromDatabaseValue(row["hour"]), let good = Int.fromDatabaseValue(row["good"]),
                            let count = Int.fromDatabaseValue(row["count"])
                        else { return nil }
                        return LoginCount(at: WallTime(nanoseconds: hour * Self.hour), succeeded: good, failed: count - good)
                    }
            }
        }
    }

    /// Nanoseconds.
    private static let hour: Int64 = 3_600_000_000_000

    private func run<Result: Sendable>(_ work: (DatabaseQueue) async throws -> Result) async throws(StoreFault) -> Result {
        do {
            return try await work(queue)
        } catch {
            throw Self.fault(error, path)
        }
    }
}
