import CLinux

/// Memory that only the start, or a reload, had a use for.
enum SpentMemory {
    /// Gives it back: freed memory the allocator keeps (malloc_trim(3)), and resident pages of the program's own files, which
    /// the kernel maps in again where they are needed (madvise(2), MADV_DONTNEED on read-only file mappings).
    static func giveBack() {
        malloc_trim(0)
        linux_drop_file_pages()
    }
}
