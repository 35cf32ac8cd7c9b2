import XML

/// Answers in XML, and paths into them.
enum XMLTarget {
    static func run(_ bytes: [UInt8]) {
        guard let root = XMLElement(parsing: bytes) else { return }
        for path in ["/a/b", "/Envelope/Body/token", "/\(root.name)", "/\(root.name)/@id"] {
            guard let value = XMLPath(path)?.resolve(in: root) else { continue }
            hold(value.utf8.count <= bytes.count, "a value longer than the document: an entity was expanded")
        }
    }
}
