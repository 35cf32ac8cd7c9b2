import Glibc
import JSON
import Time

/// A token's answer in the form of a program.
struct TokenText {
    private let answer: JSONValue
    private let name: String
    private let username: String?
    /// What the program wrote to the helper.
    private let input: String

    init(_ answer: JSONValue, name: String, username: String? = nil, input: String = "") {
        self.answer = answer
        self.name = name
        self.username = username
        self.input = input
    }

    private var token: String { answer["access_token"]?.text ?? "" }

    /// The environment variable that holds a token: `ZAPPER_JO_TOKEN`.
    static func variable(_ name: String) -> String {
        let upper = String(name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
        return (upper.first?.isNumber ?? false ? "_" : "") + upper + "_TOKEN"
    }

    private var headers: [(String, String)] {
        guard case .object(let headers)? = answer["headers"] else { return [] }
        return headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value.text ?? "") }
    }

    /// The text without its final newline; nil where the token has no such form.
    func lines(_ format: TokenFormat) -> String? {
        switch format {
        case .bare, .keyring: return token
        case .header where isIncomplete, .curl where isIncomplete: return nil
        case .header: return headers.map { "\($0): \($1)" }.joined(separator: "\n")
        case .env: return "\(Self.variable(name))='\(token.replacing("'", with: "'\\''"))'"
        case .curl: return headers.map { "header = \"\(Self.escaped("\($0): \($1)"))\"" }.joined(separator: "\n")
        case .git: return gitCredential
        case .docker:
            let server = input.split(separator: "\n").first.map(String.init) ?? ""
            return JSONValue.object(["ServerURL": .string(server), "Username": .string(username ?? "token"), "Secret": .string(token)]).jsonText
        case .kubectl: return execCredential
        case .aws: return awsCredentials
        }
    }

    /// Whether a request with the headers alone would lack a part of the token's use.
    private var isIncomplete: Bool { headers.isEmpty || answer["query"] != nil || answer["json"] != nil }

    func problem(_ format: TokenFormat) -> String {
        if format == .header || format == .curl { return "\(name) is not sent in headers alone; --json shows how it is" }
        return
            "\(name) has no AccessKeyId, SecretAccessKey and SessionToken, which \(format.rawValue) wants: its provider gives them under use.json, or keeps them as access_key_id, secret_access_key and session_token"
    }

    /// A double-quoted value of a curl configuration (curl(1), --config).
    private static func escaped(_ text: String) -> String { text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") }

    /// git-credential(1): attributes a line.
    private var gitCredential: String {
        let expiry = answer["expires_in"]?.integerValue.map { "\npassword_expiry_utc=\(Int64(time(nil)) + $0)" } ?? ""
        let wanted = input.split(separator: "\n").first { $0.hasPrefix("username=") }.map { String($0.dropFirst(9)) }
        return "username=\(username ?? wanted ?? "x-access-token")\npassword=\(token)\(expiry)"
    }

    /// An ExecCredential of the version that kubectl asks for (client-go credential plugins).
    private var execCredential: String {
        let asked = ProcessEnvironment.all["KUBERNETES_EXEC_INFO"].flatMap { JSONValue(parsing: Array($0.utf8)) }?["apiVersion"]?.text
        var status: [String: JSONValue] = ["token": .string(token)]
        status["expirationTimestamp"] = answer["expires_at"]
        return JSONValue.object([
            "apiVersion": .string(asked ?? "client.authentication.k8s.io/v1"), "kind": "ExecCredential", "status": .object(status),
        ]).jsonText
    }

    /// What a credential_process prints (AWS CLI, "Sourcing credentials with an external process").
    private var awsCredentials: String? {
        func value(_ name: String, _ kept: [String]) -> JSONValue? {
            answer["json"]?[name] ?? kept.lazy.compactMap { answer["values"]?[$0] }.first
        }
        guard let id = value("AccessKeyId", ["access_key_id"]), let key = value("SecretAccessKey", ["secret_access_key"]) else { return nil }
        var members: [String: JSONValue] = ["Version": 1, "AccessKeyId": id, "SecretAccessKey": key]
        members["SessionToken"] = value("SessionToken", ["session_token"]) ?? .string(token)
        members["Expiration"] = answer["expires_at"]
        return JSONValue.object(members).jsonText
    }
}
