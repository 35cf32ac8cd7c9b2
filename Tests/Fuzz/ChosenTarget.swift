import Glibc

/// The target that the environment names.
let chosen: FuzzTarget = {
    guard let name = unsafe getenv("FUZZ_TARGET").map({ unsafe String(cString: $0) }), let target = FuzzTarget(rawValue: name) else {
        preconditionFailure("FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return target
}()
