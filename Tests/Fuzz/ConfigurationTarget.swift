import Configuration
import Providers
import TestSupport
import YAML

/// Configurations and definitions: a text is read, or each of its faults names a place in it.
enum ConfigurationTarget {
    static func run(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        do throws(ConfigurationFaults) {
            let configuration = try TestConfiguration.read(text)
            hold(configuration.tokens.allSatisfy { Names.isValid($0.name) }, "a token without a name")
        } catch {
            check(error.faults, in: text)
        }
    }

    static func runProvider(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let faults = FaultList()
        let definition = YAMLDocument.parse(text, file: "p.yaml", faults: faults).flatMap(ProviderReader.read)
        if definition == nil { check(faults.faults, in: text) }
    }

    private static func check(_ faults: [ConfigurationFault], in text: String) {
        hold(!faults.isEmpty, "refused without a fault")
        let lines = text.utf8.count { $0 == 0x0A || $0 == 0x0D } + 2
        for fault in faults {
            hold(fault.line >= 0 && fault.line <= lines, "\(fault) in \(lines) lines")
            hold(!fault.message.isEmpty, "a fault without words")
            hold(
                !fault.description.utf8.contains { $0 < 0x20 && $0 != 0x0A && $0 != 0x09 }, "a control character in \(Array(fault.description.utf8))")
        }
    }
}
