import CLinux

/// Memory that was needed only by the start or a reload.
enum SpentMemory {
    /// Returns it to the system: freed memory that the allocator holds (malloc_trim(3)), and resident pages of the program's own
    /// files, which the kernel maps in again on demand (madvise(2), MADV_DONTNEED on read-only file mappings).
    static func release() {
        malloc_trim(0)
        linux_drop_file_pages()
    }
}
