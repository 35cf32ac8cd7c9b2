import Secrets
import TestSupport
import Testing

/// Changes of secret files, by a real inotify.
@Suite struct SecretWatchTests {
    @Test(.timeLimit(.minutes(1))) func `a file that is written, replaced, or given another mode is reported; its neighbours are not`() async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let (path, other) = ("\(folder)/secret", "\(folder)/other")
        try TestFiles.write("one", to: path)
        let watch = try #require(SecretWatch())
        watch.watch([path, "/nowhere/secret"])
        var changes = watch.changes.makeAsyncIterator()
        for change in [
            { try TestFiles.write("two", to: path) },
            {
                try TestFiles.write("three", to: "\(folder)/next")
                try TestFiles.run("/bin/mv", ["\(folder)/next", path])
            },
            { try TestFiles.run("/bin/chmod", ["640", path]) },
            {
                try TestFiles.run("/bin/ln", ["-s", "there", "\(folder)/link"])
                try TestFiles.run("/bin/mv", ["-T", "\(folder)/link", "\(folder)/..data"])
            },
        ] as [() throws -> Void] {
            try TestFiles.write("x", to: other)
            try change()
            let reported = await changes.next()
            #expect(reported == [path])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `a folder that goes away and comes back is watched again`() async throws {
        let parent = try TestFiles.scratch()
        defer { TestFiles.remove(parent) }
        let folder = "\(parent)/secrets"
        try TestFiles.run("/bin/mkdir", [folder])
        try TestFiles.write("one", to: "\(folder)/secret")
        let watch = try #require(SecretWatch())
        watch.watch(["\(folder)/secret"])
        var changes = watch.changes.makeAsyncIterator()
        try TestFiles.run("/bin/rm", ["-r", folder])
        try TestFiles.run("/bin/mkdir", [folder])
        try TestFiles.write("two", to: "\(folder)/secret")
        // Told once for what was taken away or once for what is there again, and from then on as before.
        let reported = await changes.next()
        #expect(reported == ["\(folder)/secret"])
    }
}
