import Secrets
import Testing

/// What a secret file may hold.
@Suite struct SecretTextTests {
    @Test(arguments: ["s3cret", "s3cret\n", "s3cret\r\n"]) func `one final newline is dropped`(text: String) throws {
        #expect(try SecretText.secret(in: Array(text.utf8), at: "file").exposedText == "s3cret")
    }

    @Test(arguments: [" s3cret ", "a\nb", "a\r", "\u{E9}\n", "\n\nx"]) func `nothing else is`(text: String) throws {
        let expected = text.hasSuffix("\n") ? String(text.dropLast()) : text
        #expect(try SecretText.secret(in: Array(text.utf8), at: "file").exposedText == expected)
    }

    @Test(
        arguments: [
            ([], "is empty"), ([0x0A], "is empty"), ([0x0D, 0x0A], "is empty"), ([0xEF, 0xBB, 0xBF, 0x61], "byte-order mark (byte 1: EF BB BF)"),
            ([0xFF, 0xFE, 0x61, 0x00], "UTF-16 (byte 1)"), ([0xFE, 0xFF, 0x00, 0x61], "UTF-16 (byte 1)"), ([0x61, 0x00], "NUL (byte 2)"),
            ([0x61, 0x0A, 0x0A], "second newline (byte 2)"), ([0x61, 0x0D, 0x0A, 0x0D, 0x0A], "second newline (byte 3)"),
            ([0x0A, 0x0A], "second newline"),
        ] as [([UInt8], String)])
    func `what an editor left behind is a fault that names the byte`(bytes: [UInt8], problem: String) {
        let fault = #expect(throws: SecretFault.self) { try SecretText.secret(in: bytes, at: "file /run/s") }
        #expect(fault?.place == "file /run/s" && fault?.problem.contains(problem) == true, "\(fault?.problem ?? "")")
    }
}
