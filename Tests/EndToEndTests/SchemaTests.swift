import Foundation
import TestSupport
import Testing

/// The JSON Schemas take what the readers take.
@Suite struct SchemaTests {
    private static let folder = "Sources/Programs/tokenbroker/Schema"

    private static func yaml(_ folders: String...) throws -> [String] {
        try folders.flatMap { folder in try TestFiles.names(folder).filter { $0.hasSuffix(".yaml") }.map { "\(folder)/\($0)" } }
    }

    static let subjects: [(schema: String, files: [String])] = [
        ("provider.schema.json", (try? yaml("Tests/Fixtures/partners", "Sources/Core/Providers/Definitions")) ?? []),
        ("configuration.schema.json", ["config/config.yaml", "config/config.new.yaml", "config/config.full.yaml"]),
    ]

    @Test(
        .enabled(if: (try? TestFiles.run("/usr/bin/python3", ["-c", "import jsonschema, yaml"]))?.status == 0),
        arguments: subjects.indices)
    func `every file is valid, and none with an unknown key`(subject: Int) async throws {
        let (schema, files) = Self.subjects[subject]
        try await blocking {
            let root = Repository.root
            let outcome = try TestFiles.run(
                "/usr/bin/python3", ["\(root)/Tests/Schema/validate.py", schema, "\(root)/\(Self.folder)"] + files.map { "\(root)/\($0)" })
            #expect(outcome.status == 0 && !files.isEmpty, "\(outcome.output)\(outcome.errors)")
        }
    }

    @Test func `the program prints them`() async throws {
        try await blocking {
            for (subject, file) in [("configuration", "configuration.schema.json"), ("provider", "provider.schema.json")] {
                let printed = try TestFiles.run(Daemon.binary("tokenbroker"), ["schema", subject])
                #expect(try printed.output == TestFiles.text("\(Self.folder)/\(file)"))
            }
        }
    }

    @Test func `every key that a reader takes is a property`() throws {
        let schemas = try Self.subjects.map { try TestFiles.text("\(Self.folder)/\($0.schema)") }.joined()
        var keys: Set<String> = []
        for folder in [
            "Core/Configuration", "Core/Providers", "Core/Providers/Answers", "Core/Providers/Inputs", "Core/Providers/Requests",
            "Core/Providers/Sources", "Core/Providers/Values",
        ] {
            for file in try TestFiles.names("Sources/\(folder)").filter({ $0.hasSuffix("Reader.swift") }) {
                let source = try TestFiles.text("Sources/\(folder)/\(file)")
                keys.formUnion(source.matches(of: #/(?:take|require)\("([a-z_0-9]+)"\)/#).map { String($0.output.1) })
            }
        }
        #expect(keys.count > 80)
        #expect(keys.filter { !schemas.contains("\"\($0)\":") } == [])
    }
}
