import Glibc

/// The directory entries that a path is resolved through (path_resolution(7)), links included: a change of any of them may lead the path to
/// another file.
struct PathSteps: Equatable {
    struct Step: Hashable {
        /// A directory, without links in its path.
        var folder: String
        var name: String
    }

    let steps: [Step]

    /// Links followed at most, as in Linux.
    private static let links = 40

    /// - Parameter path: absolute. Resolution ends at the first entry that does not exist.
    init(of path: String) {
        var steps: [Step] = []
        var folder = "/"
        var rest = Array(path.split(separator: "/").map(String.init).reversed())
        var followed = 0
        while let name = rest.popLast() {
            if name == "." { continue }
            if name == ".." {
                folder = Self.parent(of: folder)
                continue
            }
            steps.append(Step(folder: folder, name: name))
            let place = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
            if let target = Self.target(of: place) {
                followed += 1
                guard followed <= Self.links else { break }
                if target.hasPrefix("/") { folder = "/" }
                rest += target.split(separator: "/").map(String.init).reversed()
            } else {
                folder = place
            }
        }
        self.steps = steps
    }

    private static func parent(of folder: String) -> String {
        guard let slash = folder.lastIndex(of: "/"), slash > folder.startIndex else { return "/" }
        return String(folder[..<slash])
    }

    /// What a symbolic link holds; nil for anything else.
    private static func target(of place: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink(place, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
