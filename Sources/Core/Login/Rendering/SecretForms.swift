import JSON
import OutboundHTTP
import Secrets

/// The forms in which a message may repeat a secret.
enum SecretForms {
    /// The secret itself, escaped for XML and for JSON (also with `\\u` for all but ASCII, and twice), percent- and form-encoded, and in base64 of either alphabet at any place of a longer text.
    static func all(of secret: [UInt8]) -> [[UInt8]] {
        var writer = JSONWriter()
        writer.string(secret)
        let json = Array(writer.bytes.dropFirst().dropLast())
        let escaped = [json, inASCII(json), twice(json), twice(inASCII(json))] + markup(secret)
        let forms = [secret, PercentEncoding.encode(secret), PlaceEncoding.form(secret)] + escaped
        var distinct: [[UInt8]] = []
        for form in forms + base64(secret) where !form.isEmpty && !distinct.contains(form) { distinct.append(form) }
        // Longer forms first: a shorter one may be part of them.
        return distinct.sorted { $0.count > $1.count }
    }

    /// JSON text with `\u` for every character beyond ASCII.
    private static func inASCII(_ json: [UInt8]) -> [UInt8] {
        guard json.contains(where: { $0 > 0x7F }) else { return json }
        return String(decoding: json, as: UTF8.self).utf16.flatMap { unit -> [UInt8] in
            if unit < 0x80 { return [UInt8(unit)] }
            let digits = String(unit, radix: 16)
            return Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
        }
    }

    /// JSON text as a string of other JSON text holds it.
    private static func twice(_ json: [UInt8]) -> [UInt8] {
        json.flatMap { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") ? [UInt8(ascii: "\\"), $0] : [$0] }
    }

    /// Escaped for XML and HTML as the common libraries do: `&`, `<` and `>` alone, with `"`, and with `'` in its three spellings.
    private static func markup(_ secret: [UInt8]) -> [[UInt8]] {
        let text = String(decoding: secret, as: UTF8.self)
        let angles = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
        let openOnly = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
        let quotes = [angles, openOnly].flatMap { [$0, $0.replacing("\"", with: "&quot;"), $0.replacing("\"", with: "&#34;")] }
        return quotes.flatMap { quoted in ["'", "&apos;", "&#39;", "&#x27;"].map { Array(quoted.replacing("'", with: $0).utf8) } }
    }

    /// In base64 a text looks different at each of three places; digits that its neighbours share are left out.
    private static func base64(_ secret: [UInt8]) -> [[UInt8]] {
        guard secret.count >= 4 else { return [] }
        return (0..<3).flatMap { place in
            [Base64.Alphabet.standard, .url].map { alphabet in
                let text = Base64.encode([UInt8](repeating: 0, count: place) + secret, alphabet)
                let digits = text.utf8.filter { $0 != UInt8(ascii: "=") }
                let first = (place * 8 + 5) / 6
                let last = (place + secret.count) * 8 / 6
                return Array(digits[first..<max(first, last)])
            }
        }
    }
}
