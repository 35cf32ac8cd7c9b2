import Secrets
import Store
import Tokens

/// Sealed records and what they hold.
enum RecordTarget {
    private static let key = Secret(Array(repeating: 7, count: 32))
    private static let place = Array("place".utf8)

    static func run(_ bytes: [UInt8]) {
        hold(SealedRecord.open(bytes, key: key, associated: place) == nil, "opened what was never sealed")
        let sealed = SealedRecord.seal(bytes, key: key, associated: place)
        hold(SealedRecord.open(sealed, key: key, associated: place) == bytes, "opened to something else")
        hold(SealedRecord.open(sealed, key: key, associated: place + [0]) == nil, "opened in another place")
        var changed = sealed
        let index = Int(bytes.first ?? 0) % changed.count
        changed[index] ^= 1 << ((bytes.last ?? 0) % 8)
        hold(SealedRecord.open(changed, key: key, associated: place) == nil, "opened after a change of byte \(index)")
        guard let record = TokenRecord(bytes, policy: RefreshPolicy()) else { return }
        let written = record.bytes
        guard let again = TokenRecord(written, policy: RefreshPolicy()) else { return hold(false, "written and not read again") }
        hold(again.bytes.count == written.count, "written again: another record")
        _ = record.isNewer(than: again)
        if let shift = record.shift(bootID: "b", boot: again.boot, wall: again.wall) {
            var state = record.state
            state.move(by: shift)
            _ = state.next(at: again.boot)
        }
    }
}
