import Secrets
import Time
import Yams

/// A mapping being read: keys are taken by name, and what nobody took is a fault.
package final class YAMLMapping {
    package let place: YAMLNode
    /// Members in the order of the file.
    package let members: [(name: String, node: YAMLNode)]
    private var known: [String] = []

    init(_ place: YAMLNode, _ mapping: Node.Mapping) {
        self.place = place
        var members: [(name: String, node: YAMLNode)] = []
        for (key, value) in mapping {
            if let name = key.scalar?.string {
                // A value without text (null) has the key's place, which a reader finds more easily.
                let node = value.scalar?.string == "" && value.mark == nil ? key : value
                members.append((name, place.child(node, name)))
            } else {
                place.child(key, "").fault("a key must be a text")
            }
        }
        self.members = members
    }

    /// The value of a key, nil where it is absent.
    package func take(_ name: String) -> YAMLNode? {
        known.append(name)
        return members.first { $0.name == name }?.node
    }

    /// The value of a key that must be there.
    package func require(_ name: String) -> YAMLNode? {
        if let node = take(name) { return node }
        place.fault("\(name) is missing")
        return nil
    }

    package func has(_ name: String) -> Bool { members.contains { $0.name == name } }

    /// Call last: every key nobody asked for is a fault that names the nearest known one.
    package func finish() {
        for member in members where !known.contains(member.name) {
            let nearest = known.min { EditDistance.between($0, member.name) < EditDistance.between($1, member.name) }
            if let nearest, EditDistance.between(nearest, member.name) <= max(1, member.name.count / 3) {
                member.node.fault("is not a known key; did you mean \(nearest)?")
            } else {
                member.node.fault("is not a known key; known here: \(known.sorted().joined(separator: ", "))")
            }
        }
    }
}
