import Glibc

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
