import JSON
import Providers

/// Writes JSON templates. What names an absent value is left out, and then any object or array that this leaves empty.
enum JSONRendering {
    /// Writes a whole document; the root is written even if nothing is left in it.
    static func bytes(_ template: JSONTemplate, _ values: ValueScope) -> [UInt8] {
        var writer = JSONWriter()
        write(template, values, to: &writer)
        return writer.bytes
    }

    static func isPresent(_ template: JSONTemplate, _ values: ValueScope) -> Bool {
        switch template {
        case .literal: true
        case .string(let text): values.has(text)
        case .array(let elements): elements.isEmpty || elements.contains { isPresent($0, values) }
        case .object(let members): members.isEmpty || members.contains { isPresent($0.value, values) }
        }
    }

    static func write(_ template: JSONTemplate, _ values: ValueScope, to writer: inout JSONWriter) {
        switch template {
        case .literal(let text): writer.literal(text)
        case .string(let text): writer.string(values.text(text))
        case .array(let elements):
            writer.beginArray()
            for element in elements where isPresent(element, values) { write(element, values, to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members where isPresent(member.value, values) {
                writer.name(member.name)
                write(member.value, values, to: &writer)
            }
            writer.endObject()
        }
    }
}
