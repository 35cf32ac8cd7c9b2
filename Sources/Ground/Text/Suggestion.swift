/// The hint behind a name that is not known: what was probably meant, else what is known.
package enum Suggestion {
    /// Names listed in a hint.
    private static let listed = 12
    /// A longer name is compared with none.
    private static let longest = 64

    /// `did you mean zapper-service?`, `known tokens: zapper, zipteams`, or nothing where nothing is known.
    ///
    /// - Parameter kind: what the names are, in the plural.
    package static func text(for name: String, among known: some Sequence<String>, _ kind: String) -> String {
        let known = Set(known)
        if let near = nearest(to: name, among: known) { return "; did you mean \(near)?" }
        guard !known.isEmpty else { return "" }
        let more = known.count > listed ? ", … (\(known.count) in all)" : ""
        return "; known \(kind): \(known.sorted().prefix(listed).joined(separator: ", "))\(more)"
    }

    private static func nearest(to name: String, among known: Set<String>) -> String? {
        guard name.count <= longest else { return nil }
        let allowed = max(1, name.count / 3)
        // `logging` is log, whatever else has more letters in common.
        let begun = known.filter { $0.count >= 3 && name.hasPrefix($0) || name.count >= 3 && $0.hasPrefix(name) }
        if let begun = begun.min(by: { abs($0.count - name.count) < abs($1.count - name.count) }) { return begun }
        let near = known.filter { abs($0.count - name.count) <= allowed }.map { (EditDistance.between($0.lowercased(), name.lowercased()), $0) }
        return near.filter { $0.0 <= allowed }.min { $0 < $1 }?.1
    }
}
