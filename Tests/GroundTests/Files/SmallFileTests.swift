import Files
import Glibc
import TestSupport
import Testing

/// Files that are read whole.
@Suite struct SmallFileTests {
    @Test func `a file is read to its limit, and a larger one is refused`() throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        try TestFiles.write(String(repeating: "x", count: 100_000), to: "\(folder)/f")
        #expect(try SmallFile.read("\(folder)/f", atMost: 100_000).count == 100_000)
        #expect(throws: SystemCallError("read", "\(folder)/f", code: EFBIG)) { try SmallFile.read("\(folder)/f", atMost: 99_999) }
        #expect(try SmallFile("\(folder)/f").bytes(atMost: 10).count == 11)
    }

    @Test func `what cannot be opened says why`() throws {
        do throws(SystemCallError) {
            _ = try SmallFile.read("/nowhere/at/all", atMost: 1)
            Issue.record("read")
        } catch {
            #expect(error.call == "open" && error.code == ENOENT && error.description == "open /nowhere/at/all: No such file or directory")
        }
    }

    @Test func `a folder is no regular file, and a mode is what it is`() throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let isRegular = try SmallFile(folder).isRegular
        #expect(!isRegular)
        try TestFiles.write("x", to: "\(folder)/f", mode: 0o640)
        let mode = try SmallFile("\(folder)/f").mode
        #expect(mode & 0o777 == 0o640)
    }
}
