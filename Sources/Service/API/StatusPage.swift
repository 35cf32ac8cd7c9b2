import Contract
import LocalHTTP
import Secrets

/// The status page: one file with its style and its script, which a policy names by their digests, so that nothing else can run or be loaded.
enum StatusPage {
    static let response: Response = {
        let page = PackageResources.status_html
        let policy = [
            "default-src 'none'", "script-src \(source(of: "script", in: page))", "style-src \(source(of: "style", in: page))", "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
        let fields =
            CommonFields.all + [
                ("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer"),
                ("Cross-Origin-Opener-Policy", "same-origin"), ("Vary", "Accept-Encoding"),
            ]
        return Response(status: 200, fields: fields, body: page)
    }()

    /// The digest of an element's content (Content Security Policy Level 3, section 2.3.1); the page has one of each.
    private static func source(of element: String, in page: [UInt8]) -> String {
        let text = String(decoding: page, as: UTF8.self)
        guard let start = text.firstRange(of: "<\(element)>"), let end = text.firstRange(of: "</\(element)>") else { return "'none'" }
        return "'sha256-\(Base64.encode(Digest.sha256(Array(text[start.upperBound..<end.lowerBound].utf8)), .standard))'"
    }
}
