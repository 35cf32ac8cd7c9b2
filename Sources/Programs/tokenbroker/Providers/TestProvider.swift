import ArgumentParser
import Files
import Glibc
import JSON
import Login
import Providers
import YAML

struct TestProvider: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run definitions against recorded answers, without a network.",
        discussion: """
            The cases of partner.yaml are the files partner/*.http beside it: comments say what is expected (# expect: token, or a class of failure; \
            # says: lifetime and headers, or the partner's words), then each exchange follows: the request on lines that begin with >, where it \
            is to be compared, the status, fields, an empty line and the body; --- separates exchanges.
            """)

    @Argument(help: "Files of definitions.", completion: .file(extensions: ["yaml"]))
    var definitions: [String]
    @Flag(help: "Print JSON.")
    var json = false

    private struct Outcome {
        var name: String
        var found: String
        var differences: [String]
    }

    func run() throws {
        var isGood = true
        var results: [JSONValue] = []
        for file in definitions {
            let outcomes = try outcomes(of: file)
            isGood = isGood && outcomes.allSatisfy(\.differences.isEmpty)
            results += outcomes.map { outcome in
                .object([
                    "definition": .string(file), "case": .string(outcome.name), "found": .string(outcome.found),
                    "differences": .array(outcome.differences.map { .string($0) }),
                ])
            }
            if !json { show(outcomes, of: file) }
        }
        if json { print(JSONValue.array(results).jsonText) }
        if !isGood { throw ProgramExit.dataFault }
    }

    private func show(_ outcomes: [Outcome], of file: String) {
        let width = outcomes.map(\.name.count).max() ?? 0
        print(file)
        for outcome in outcomes {
            let name = outcome.name + String(repeating: " ", count: width - outcome.name.count)
            print("  \(outcome.differences.isEmpty ? "ok   " : "wrong") \(name)  \(outcome.found)")
            for difference in outcome.differences { print("        \(difference)") }
        }
        let wrong = outcomes.count { !$0.differences.isEmpty }
        print("  \(outcomes.count) case\(outcomes.count == 1 ? "" : "s"), \(wrong == 0 ? "all as expected" : "\(wrong) not as expected")")
    }

    private func outcomes(of file: String) throws -> [Outcome] {
        let definition = try definition(file)
        let folder = file.hasSuffix(".yaml") ? String(file.dropLast(5)) : file.hasSuffix(".yml") ? String(file.dropLast(4)) : file + ".cases"
        let cases = Folder.names(folder).filter { $0.hasSuffix(".http") }.sorted()
        guard !cases.isEmpty else {
            explain("tokenbroker: \(file): there are no cases; put them into \(folder)/, such as success.http (`tokenbroker help providers test`)")
            throw ProgramExit.noInput
        }
        return cases.map { name in
            do throws(CaseFault) {
                let recorded = try RecordedCase(text("\(folder)/\(name)"), name: name)
                let result = LoginRehearsal(definition, recorded) { sibling($0, in: folder) }.run()
                return Outcome(name: String(name.dropLast(5)), found: "\(result.outcome)  \(result.says)", differences: result.differences)
            } catch {
                return Outcome(name: String(name.dropLast(5)), found: "unreadable", differences: [error.message])
            }
        }
    }

    /// A file beside the cases; nil for a path and for a link, which could show any file of whoever tests another's definition.
    private func sibling(_ name: String, in folder: String) -> [UInt8]? {
        var status = stat()
        let path = "\(folder)/\(name)"
        guard !name.contains("/"), unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return try? SmallFile.read(path, atMost: 256 * 1024)
    }

    private func text(_ path: String) throws(CaseFault) -> String {
        do throws(SystemCallError) {
            return String(decoding: try SmallFile.read(path, atMost: 2 * 1024 * 1024), as: UTF8.self)
        } catch {
            throw CaseFault(message: "cannot be read: \(SystemCallError.text(of: error.code))")
        }
    }

    private func definition(_ file: String) throws -> ProviderDefinition {
        let text: String
        do throws(SystemCallError) {
            text = String(decoding: try SmallFile.read(file, atMost: YAMLDocument.maximumBytes), as: UTF8.self)
        } catch {
            explain("tokenbroker: \(file): \(SystemCallError.text(of: error.code))")
            throw ProgramExit.noInput
        }
        let faults = FaultList()
        let definition = YAMLDocument.parse(text, file: file, faults: faults).flatMap(ProviderReader.read)
        for fault in faults.faults {
            explain(fault.description)
            if json { print(JSONValue.object(["definition": .string(file), "fault": .string(fault.description)]).jsonText) }
        }
        guard let definition, !faults.hasErrors else { throw ProgramExit.configuration }
        return definition
    }
}
