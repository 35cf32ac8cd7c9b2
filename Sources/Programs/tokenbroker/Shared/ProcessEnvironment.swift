import ArgumentParser
import Glibc
import Logging

enum ProcessEnvironment {
    static var all: [String: String] {
        var all: [String: String] = [:]
        var index = 0
        while let entry = unsafe environ[index] {
            let text = unsafe String(cString: entry)
            if let equals = text.firstIndex(of: "=") { all[String(text[..<equals])] = String(text[text.index(after: equals)...]) }
            index += 1
        }
        return all
    }
}
