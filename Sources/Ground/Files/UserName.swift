import Glibc

/// Names of users as messages give them (getpwuid(3)).
public enum UserName {
    /// `root`, or `1234` where the user has no name here.
    public static func of(_ number: UInt32) -> String {
        unsafe getpwuid(number).map { unsafe String(cString: $0.pointee.pw_name) } ?? "\(number)"
    }
}
