import Glibc
import Time

/// What the program is to do.
struct Options {
    enum Work {
        case fleet(hosts: Int)
        /// - Parameter shrinks: whether a world that breaks a rule is made smaller.
        case worlds(first: UInt64, count: UInt64, length: Duration, shrinks: Bool)
    }
    let work: Work

    init(_ arguments: [String]) {
        var values = ["--seeds": 100.0, "--days": 1.0, "--first": 1.0]
        var rest = arguments.dropFirst()
        if rest.first == "--fleet" {
            work = .fleet(hosts: rest.dropFirst().first.flatMap { Int($0) } ?? 10_000)
            return
        }
        var shrinks = true
        while let name = rest.popFirst() {
            if name == "--as-it-is" {
                shrinks = false
                continue
            }
            guard values[name] != nil, let value = rest.popFirst().flatMap({ Double($0) }), value > 0 else { Self.fail() }
            values[name] = value
        }
        work = .worlds(
            first: UInt64(values["--first"] ?? 1), count: UInt64(values["--seeds"] ?? 1), length: .seconds(Int64((values["--days"] ?? 1) * 86_400)),
            shrinks: shrinks)
    }

    private static func fail() -> Never {
        let text = Array("simulation: the arguments are [--seeds N] [--days D] [--first SEED], or --fleet [HOSTS]\n".utf8)
        _ = unsafe write(2, text, text.count)
        exit(64)
    }
}
