import TestSupport
import Testing

/// The arrows inside a room, which no compiler keeps.
@Suite struct HouseTests {
    private static let rooms = [
        "Sources/Core/Providers", "Sources/Core/Login", "Sources/Service/LocalHTTP", "Sources/Service/BrokerDaemon",
        "Sources/Programs/PartnerSandbox", "Sources/Programs/tokenbroker",
    ]

    /// Every Swift file below a folder: its folder within the room, and its code without comments and strings.
    private static func files(_ room: String, below folder: String = "") throws -> [(folder: String, code: String)] {
        var found: [(String, String)] = []
        for name in try TestFiles.names("\(room)/\(folder)") {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            if name.hasSuffix(".swift") {
                let text = try TestFiles.text("\(room)/\(path)")
                found.append((folder, text.replacing(#/"(?:[^"\\\n]|\\.)*"/#, with: "").replacing(#/\/\/[^\n]*/#, with: "")))
            } else if !name.contains(".") {
                found += try files(room, below: path)
            }
        }
        return found
    }

    @Test(arguments: rooms) func `no two folders of a room use each other's types`(room: String) throws {
        let files = try Self.files(room)
        var owners: [Substring: String] = [:]
        for file in files {
            for match in file.code.matches(of: #/(?:^|\n)(?:[a-z@]+ )*(?:struct|class|enum|actor|protocol) (?<name>\w+)/#) {
                owners[match.output.name] = file.folder
            }
        }
        var arrows: Set<[String]> = []
        for file in files {
            for word in file.code.matches(of: #/\b[A-Z]\w*/#) {
                if let owner = owners[word.output], owner != file.folder { arrows.insert([file.folder, owner]) }
            }
        }
        #expect(!arrows.isEmpty)
        #expect(arrows.filter { arrows.contains($0.reversed()) }.isEmpty)
    }

    @Test func `every room with folders is looked at`() throws {
        var withFolders: [String] = []
        for floor in ["Ground", "Core", "Service", "Programs"] {
            for room in try TestFiles.names("Sources/\(floor)") {
                let folders = Set(try Self.files("Sources/\(floor)/\(room)").map(\.folder))
                if folders.count > 1 { withFolders.append("Sources/\(floor)/\(room)") }
            }
        }
        #expect(Set(withFolders) == Set(Self.rooms))
    }

    @Test func `every arrow that a room declares is used`() throws {
        let rooms = try TestFiles.text("Package.swift").matches(of: /room\(\s*"(?<path>[A-Za-z\/]+)"(?<uses>(?:,\s*"[A-Za-z]+")*)/)
        #expect(rooms.count >= 19)
        for room in rooms {
            let sources = try Self.files("Sources/\(room.path)").map(\.code).joined()
            for arrow in room.uses.split(whereSeparator: { !$0.isLetter }) {
                #expect(sources.contains("import \(arrow)\n"), "\(room.path) declares \(arrow) and never imports it")
            }
        }
    }
}
