import Glibc

/// A thread outside the pools of Dispatch and Swift, for work that blocks or needs a deep stack (pthread_create(3)).
package enum OwnThread {
    /// Runs work on a new thread and does not wait for it.
    ///
    /// - Parameter stackBytes: the size of its stack; at least 16 KiB.
    /// - Throws: `SystemCallError` where the process or its control group may have no more threads.
    package static func start(stackBytes: Int, _ work: @escaping @Sendable () -> Void) throws(SystemCallError) {
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(Box(work)).toOpaque()
        let outcome = unsafe pthread_create(
            &thread, &attributes,
            { pointer in
                guard let pointer = unsafe pointer else { return nil }
                unsafe Unmanaged<Box>.fromOpaque(pointer).takeRetainedValue().work()
                return nil
            }, context)
        guard outcome == 0 else {
            unsafe Unmanaged<Box>.fromOpaque(context).release()
            throw SystemCallError("pthread_create", "with a stack of \(stackBytes) bytes", code: outcome)
        }
    }

    private final class Box: Sendable {
        let work: @Sendable () -> Void

        init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    }
}
