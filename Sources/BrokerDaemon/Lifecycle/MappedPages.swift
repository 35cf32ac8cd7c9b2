import CLinux

/// Memory that program and libraries are mapped into.
enum MappedPages {
    /// Gives back the pages that only the start touched: parts of the program's own files, which the kernel maps in again
    /// where they are needed (madvise(2), MADV_DONTNEED on read-only file mappings). About 20 MB of a resident set.
    static func giveBack() {
        linux_drop_file_pages()
    }
}
