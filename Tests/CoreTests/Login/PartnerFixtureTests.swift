import Login
import Providers
import TestSupport
import Testing
import Time
import YAML

/// Definitions against literal answers taken from the partners' pages: the built-in ones, and those of public APIs that are kept here.
@Suite struct PartnerFixtureTests {
    struct Fixture: Sendable, CustomTestStringConvertible {
        var provider: String
        var file: String
        var testDescription: String { "\(provider)/\(file)" }
    }

    static let folder = "Tests/Fixtures/partners"
    static let builtInFolder = "Tests/Fixtures/built-in"

    static func fixtures(_ folder: String) -> [Fixture] {
        let folders = ((try? TestFiles.names(folder)) ?? []).filter { !$0.hasSuffix(".yaml") }
        return folders.flatMap { provider in
            ((try? TestFiles.names("\(folder)/\(provider)")) ?? []).filter { $0.hasSuffix(".http") }.map { Fixture(provider: provider, file: $0) }
        }
    }

    private func rehearse(_ fixture: Fixture, _ definition: ProviderDefinition, in folder: String) throws {
        let place = "\(folder)/\(fixture.provider)"
        let recorded = try RecordedCase(TestFiles.text("\(place)/\(fixture.file)"), name: fixture.file)
        let result = LoginRehearsal(definition, recorded) { name in (try? TestFiles.text("\(place)/\(name)")).map { Array($0.utf8) } }.run()
        #expect(result.differences == [])
    }

    static let builtIn = ProviderCatalog.definitions(faults: FaultList())

    @Test(arguments: fixtures(builtInFolder)) func `an answer is what its page says it is`(fixture: Fixture) throws {
        try rehearse(fixture, #require(Self.builtIn[fixture.provider]), in: Self.builtInFolder)
    }

    @Test(arguments: fixtures(folder)) func `a login of a public API is what its documentation says it is`(fixture: Fixture) throws {
        let (file, faults) = ("\(Self.folder)/\(fixture.provider).yaml", FaultList())
        let definition = YAMLDocument.parse(try TestFiles.text(file), file: file, faults: faults).flatMap(ProviderReader.read)
        #expect(faults.faults.isEmpty, "\(faults.faults)")
        try rehearse(fixture, #require(definition), in: Self.folder)
    }

    @Test func `every built-in definition has fixtures, and the folder is the catalogue`() throws {
        let folder = try TestFiles.names("Sources/Core/Providers/Definitions").map { String($0.dropLast(".yaml".count)) }.sorted()
        #expect(ProviderCatalog.builtIn.map(\.name).sorted() == folder)
        #expect(try TestFiles.names(Self.builtInFolder).sorted() == folder)
        for name in folder {
            let texts = try Self.fixtures(Self.builtInFolder).filter { $0.provider == name }.map {
                try TestFiles.text("\(Self.builtInFolder)/\(name)/\($0.file)")
            }
            #expect(texts.contains { $0.contains("# expect: token") } && texts.contains { $0.contains("# expect: rejected") }, "\(name)")
        }
    }

    @Test func `every definition of a public API has a token among its fixtures`() throws {
        let definitions = try TestFiles.names(Self.folder).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(".yaml".count)) }
        #expect(definitions.count >= 40)
        for name in definitions {
            let texts = try Self.fixtures(Self.folder).filter { $0.provider == name }.map { try TestFiles.text("\(Self.folder)/\(name)/\($0.file)") }
            #expect(texts.contains { $0.contains("# expect: token") }, "\(name)")
        }
    }

    @Test func `every built-in definition decodes without a fault`() {
        let faults = FaultList()
        #expect(ProviderCatalog.definitions(faults: faults).count == ProviderCatalog.builtIn.count)
        #expect(faults.faults.isEmpty, "\(faults.faults)")
    }
}
