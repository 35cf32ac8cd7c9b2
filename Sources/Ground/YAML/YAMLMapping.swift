import Text

/// A mapping being read: keys are taken by name, and every key left over is a fault.
package final class YAMLMapping {
    package let place: YAMLNode
    /// Members in the order of the file.
    package let members: [(name: String, node: YAMLNode)]
    /// Where each member's key stands.
    private let keys: [YAMLNode]
    private var known: [String] = []

    init(_ place: YAMLNode) {
        self.place = place
        var members: [(name: String, node: YAMLNode)] = []
        var keys: [YAMLNode] = []
        let children = place.tree.children(of: place.index)
        for member in stride(from: 0, to: children.count - 1, by: 2) {
            let key = place.node(children[member])
            if let name = key.text {
                members.append((name, place.node(children[member + 1])))
                keys.append(key)
            } else {
                key.fault("a key must be text")
            }
        }
        self.members = members
        self.keys = keys
    }

    /// The value of a key; nil if it is absent.
    package func take(_ name: String) -> YAMLNode? {
        known.append(name)
        return members.first { $0.name == name }?.node
    }

    /// The value of a required key; if it is absent, a fault and nil.
    package func require(_ name: String) -> YAMLNode? {
        if let node = take(name) { return node }
        place.fault("\(name) is missing")
        return nil
    }

    package func has(_ name: String) -> Bool { members.contains { $0.name == name } }

    /// Reports every key that was not taken, and suggests the nearest known key. Call last.
    package func finish() {
        for (member, key) in zip(members, keys) where !known.contains(member.name) {
            key.fault("is not a known key\(Suggestion.text(for: member.name, among: known, "keys"))")
        }
    }
}
