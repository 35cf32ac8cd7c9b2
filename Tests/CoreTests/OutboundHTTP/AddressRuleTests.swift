import TestSupport
import Testing

@testable import OutboundHTTP

/// Addresses that no partner has.
@Suite struct AddressRuleTests {
    private static func mapped(_ bytes: [UInt8]) -> [UInt8] { [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + bytes }

    @Test(
        arguments: [
            ([169, 254, 169, 254], "169.254/16"), ([0, 0, 0, 0], "0/8"), ([0, 1, 2, 3], "0/8"), ([224, 0, 0, 1], "multicast"),
            ([255, 255, 255, 255], "multicast"),
            ([0xFE, 0x80] + [UInt8](repeating: 1, count: 14), "fe80::/10"), ([0xFE, 0xBF] + [UInt8](repeating: 1, count: 14), "fe80::/10"),
            ([0xFF, 0x02] + [UInt8](repeating: 0, count: 14), "multicast"), ([UInt8](repeating: 0, count: 16), "unspecified"),
            ([0xFD, 0, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54], "metadata"), (mapped([169, 254, 1, 1]), "169.254/16"),
            (mapped([0, 0, 0, 0]), "0/8"),
        ] as [([UInt8], String)])
    func `is not connected to`(address: [UInt8], word: String) {
        #expect(AddressRule.problem(address)?.contains(word) == true)
    }

    @Test(
        arguments: [
            [127, 0, 0, 1], [10, 0, 0, 1], [192, 168, 1, 1], [169, 253, 0, 1], [223, 255, 255, 255], [UInt8](repeating: 0, count: 15) + [1],
            [0xFE, 0xC0] + [UInt8](repeating: 1, count: 14), [0x20, 0x01] + [UInt8](repeating: 2, count: 14), mapped([10, 0, 0, 1]),
        ] as [[UInt8]])
    func `may be`(address: [UInt8]) {
        #expect(AddressRule.problem(address) == nil)
    }
}
