import CLinux
import Glibc

/// The memory of the process as the allocator holds it.
package enum ProcessMemory {
    /// Leaves malloc a single arena (mallopt(3)). Call it before a second thread allocates. With an arena for each thread ten thousand tokens
    /// take half as much again; the request path allocates nothing.
    package static func useOneArena() { _ = mallopt(M_ARENA_MAX, 1) }

    /// Returns what only the start or a reload needed: freed memory that the allocator holds (malloc_trim(3)), and resident pages of the
    /// program's own files, which the kernel maps in again on demand (madvise(2), MADV_DONTNEED on read-only file mappings).
    static func release() {
        malloc_trim(0)
        linux_drop_file_pages()
    }
}
