import Broker
import Glibc
import Synchronization
import Time

private typealias Original = @convention(thin) (UnownedJob) -> Void
private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

/// Has every job of the process go to the simulation's executor.
func installSimulation() {
    guard let symbol = unsafe dlsym(dlopen(nil, 0), "swift_task_enqueueGlobal_hook") else {
        print("the concurrency runtime has no hook for its global executor")
        exit(70)
    }
    unsafe symbol.assumingMemoryBound(to: Hook?.self).pointee = { job, _ in SimulationExecutor.shared.enqueue(job) }
}

/// Cells of the hosts that are up.
final class CellBoard: Sendable {
    private let cells = Mutex<[(Int, TokenCell)]>([])
    var all: [(Int, TokenCell)] { cells.withLock { $0 } }
    func add(_ cell: TokenCell, _ host: Int) { cells.withLock { $0.append((host, cell)) } }
}

func explainTime(_ what: String, _ took: Duration) {
    let bytes = Array("simulate-fleet: \(what): \(DurationSyntax.words(took))\n".utf8)
    _ = unsafe write(2, bytes, bytes.count)
}
