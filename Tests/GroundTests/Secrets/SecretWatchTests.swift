import Glibc
import Secrets
import TestSupport
import Testing

/// Changes of secret files, by a real inotify.
@Suite struct SecretWatchTests {
    private static func run(_ words: String...) throws { try TestFiles.run(words[0], Array(words.dropFirst())) }

    @Test(.timeLimit(.minutes(1))) func `a file that is written, replaced, or given another mode is reported; its neighbours are not`() async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let (path, other) = ("\(folder)/secret", "\(folder)/other")
        try TestFiles.write("one", to: path)
        let watch = SecretWatch()
        #expect(watch.watch([path, "/nowhere/secret"]) == [])
        var changes = watch.changes.makeAsyncIterator()
        for change in [
            { try TestFiles.write("two", to: path) },
            {
                try TestFiles.write("three", to: "\(folder)/next")
                try Self.run("/bin/mv", "\(folder)/next", path)
            },
            { try Self.run("/bin/chmod", "640", path) },
            { try Self.run("/bin/rm", path) },
            { try Self.run("/bin/ln", other, path) },
        ] as [() throws -> Void] {
            try TestFiles.write("x", to: other)
            try change()
            let reported = await changes.next()
            #expect(reported == [path])
        }
    }

    /// Ways to have a secret elsewhere, and to change what is there.
    private static let ways: [(name: String, before: String, change: String)] = [
        (
            "Kubernetes", "mkdir k1 k2; echo 1 > k1/secret; ln -s k1 ..data; ln -s ..data/secret secret",
            "echo 2 > k2/secret; ln -s k2 new; mv -T new ..data"
        ),
        ("a link to a file elsewhere", "mkdir far; echo 1 > far/file; ln -s $PWD/far/file secret", "echo 2 > far/next; mv far/next far/file"),
        ("a chain of links", "mkdir a b; echo 1 > b/file; ln -s ../b/file a/link; ln -s a/link secret", "echo 2 > b/file"),
        ("a link in a chain", "mkdir a b; echo 1 > b/one; echo 2 > b/two; ln -s ../b/one a/link; ln -s a/link secret", "ln -sfn ../b/two a/link"),
        ("a link that leads nowhere yet", "ln -s far/file secret", "mkdir far; sleep 0.3; echo 2 > far/file"),
    ]

    @Test(.timeLimit(.minutes(1)), arguments: ways)
    func `a link is followed wherever it leads`(name: String, before: String, change: String) async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        try Self.run("/bin/sh", "-c", "cd \(folder); \(before)")
        let watch = SecretWatch()
        #expect(watch.watch(["\(folder)/secret"]) == [])
        try Self.run("/bin/sh", "-c", "cd \(folder); \(change)")
        try await awaitChange(of: "\(folder)/secret", in: watch) { (try? TestFiles.text("\(folder)/secret")) == "2\n" }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "rm -r current; mkdir current; echo 2 > current/secret", "mkdir next; echo 2 > next/secret; mv current last; mv next current",
            "mkdir next; echo 2 > next/secret; mv current last; ln -s next current",
        ])
    func `a folder that is swapped is watched again`(change: String) async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let path = "\(folder)/current/secret"
        try Self.run("/bin/sh", "-c", "cd \(folder); mkdir current; echo 1 > current/secret")
        let watch = SecretWatch()
        #expect(watch.watch([path]) == [])
        try Self.run("/bin/sh", "-c", "cd \(folder); \(change)")
        try await awaitChange(of: path, in: watch) { (try? TestFiles.text(path)) == "2\n" }
        // From then on as before.
        try TestFiles.write("3", to: path)
        try await awaitChange(of: path, in: watch) { (try? TestFiles.text(path)) == "3" }
    }

    /// Waits for reports of this path until the fact holds at one of them.
    private func awaitChange(of path: String, in watch: SecretWatch, until fact: () -> Bool) async throws {
        for await reported in watch.changes {
            #expect(reported == [path])
            if fact() { return }
        }
        throw TestFailure("the reports ended")
    }

    @Test(.timeLimit(.minutes(1))) func `without inotify the files are looked at, and a warning says so`() async throws {
        let folder = try TestFiles.scratch()
        defer { TestFiles.remove(folder) }
        let path = "\(folder)/secret"
        try TestFiles.write("one", to: path)
        let watch = SecretWatch(interval: 0.05, usesInotify: false)
        #expect(watch.watch([]) == [])
        #expect(watch.watch([path]).first?.contains("are looked at every") == true)
        var changes = watch.changes.makeAsyncIterator()
        for text in ["two", "three"] {
            try TestFiles.write(text, to: path)
            let reported = await changes.next()
            #expect(reported == [path])
        }
        try Self.run("/bin/rm", path)
        let reported = await changes.next()
        #expect(reported == [path])
    }
}
