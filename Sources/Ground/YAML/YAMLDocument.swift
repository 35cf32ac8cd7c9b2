import Dispatch
import Files
import Yams

/// Parses a YAML file into a tree whose nodes know their line and column.
package enum YAMLDocument {
    /// A larger configuration file is a mistake: ten thousand tokens take 2 MiB.
    package static let maximumBytes = 4 * 1024 * 1024

    /// Reads a document; a syntax error, a duplicate key or an anchor is a fault and yields nil.
    package static func parse(_ text: String, file: String, faults: FaultList) -> YAMLNode? {
        guard text.utf8.count <= maximumBytes else {
            faults.add(.init(file: file, message: "is larger than 4 MiB"))
            return nil
        }
        let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
        let composed: Result<Node?, YAMLProblem> = DeepStack.run { compose(text) }
        switch composed {
        case .failure(let fault):
            faults.add(.init(file: file, line: fault.line, column: fault.column, message: fault.message))
            return nil
        case .success(nil):
            faults.add(.init(file: file, line: 1, column: 1, message: "is empty"))
            return nil
        case .success(let node?):
            return YAMLNode(node: node, path: "", file: file, faults: faults)
        }
    }

    private static func compose(_ text: String) -> Result<Node?, YAMLProblem> {
        do {
            // Without rules for types: `YAMLNode.scalar` has its own, and matching Yams' rules takes a third of the time.
            let parser = try Yams.Parser(yaml: text, resolver: .basic)
            guard let node = try parser.singleRoot() else { return .success(nil) }
            // Nodes hold their anchors weakly: anchors live as long as the parser.
            return withExtendedLifetime(parser) {
                guard let mark = anchorMark(node) else { return .success(node) }
                let message = "anchors and aliases are not supported; write the value out"
                return .failure(YAMLProblem(line: mark.line, column: mark.column, message: message))
            }
        } catch let error as YamlError {
            return .failure(YAMLProblem(error, in: text))
        } catch {
            return .failure(YAMLProblem(line: 0, column: 0, message: "cannot be read as YAML"))
        }
    }

    /// The position of the first anchor.
    ///
    /// Anchors would let a small file expand into an endless tree. An anchor precedes its aliases, so the walk ends there.
    private static func anchorMark(_ node: Node) -> (line: Int, column: Int)? {
        if node.anchor != nil { return (node.mark?.line ?? 0, node.mark?.column ?? 0) }
        switch node {
        case .mapping(let mapping): return mapping.lazy.compactMap { anchorMark($0.key) ?? anchorMark($0.value) }.first
        case .sequence(let sequence): return sequence.lazy.compactMap { anchorMark($0) }.first
        default: return nil
        }
    }
}

/// Runs work on its own thread with an 8 MiB stack, since composing a deeply nested document recurses.
private enum DeepStack {
    private static let bytes = 8 * 1024 * 1024

    static func run<Result>(_ work: @escaping @Sendable () -> Result) -> Result {
        let box = Box(work)
        do throws(SystemCallError) {
            try OwnThread.start(stackBytes: bytes) { box.run() }
            box.done.wait()
        } catch {
            box.run()
        }
        return box.result ?? work()
    }

    /// `@unchecked Sendable`: the result is written before `done` is signalled, and read after it.
    private final class Box<Result>: @unchecked Sendable {
        private let work: @Sendable () -> Result
        let done = DispatchSemaphore(value: 0)
        private(set) var result: Result?

        init(_ work: @escaping @Sendable () -> Result) { self.work = work }

        func run() {
            result = work()
            done.signal()
        }
    }
}
