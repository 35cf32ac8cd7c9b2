import Glibc

/// Folders of the file system.
public enum Folder {
    /// The names in a folder, `.` and `..` among them, in the order of the file system (readdir(3)); none where it cannot be read.
    public static func names(_ path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            names.append(unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}
