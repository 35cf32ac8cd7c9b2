package import JSON

/// One line of a diagnosis: what was looked at, what was found, and what to do about it.
package struct Finding: Sendable, Equatable {
    package enum Level: String, Sendable { case ok, warning, fault }

    package var level: Level
    /// What was looked at: one or two words.
    package var subject: String
    package var text: String
    /// What to do; nil: nothing.
    package var mend: String?

    package init(_ level: Level, _ subject: String, _ text: String, mend: String? = nil) {
        (self.level, self.subject, self.text, self.mend) = (level, subject, text, mend)
    }

    package var json: JSONValue {
        var members: [String: JSONValue] = ["level": .string(level.rawValue), "subject": .string(subject), "text": .string(text)]
        members["mend"] = mend.map { .string($0) }
        return .object(members)
    }
}
