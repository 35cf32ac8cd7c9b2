import FoundationEssentials
import Synchronization

final class SharedState: Sendable {
    let value: Mutex<SandboxState>

    init(_ state: SandboxState) { value = Mutex(state) }

    static var now: Double { Date().timeIntervalSince1970 }
}
