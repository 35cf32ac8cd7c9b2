import JSON
import OutboundHTTP
import Secrets

/// The forms in which a message may repeat a secret.
enum SecretForms {
    /// The secret itself, JSON-escaped, percent- and form-encoded, and in base64 of either alphabet at any place of a longer text.
    static func all(of secret: [UInt8]) -> [[UInt8]] {
        var writer = JSONWriter()
        writer.string(secret)
        let forms = [secret, Array(writer.bytes.dropFirst().dropLast()), PercentEncoding.encode(secret), PlaceEncoding.form(secret)]
        var distinct: [[UInt8]] = []
        for form in forms + base64(secret) where !form.isEmpty && !distinct.contains(form) { distinct.append(form) }
        // Longer forms first: a shorter one may be part of them.
        return distinct.sorted { $0.count > $1.count }
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
