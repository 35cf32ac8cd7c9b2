/// The form of a request target (RFC 9112 §3.2).
public enum TargetForm: Sendable {
    case origin, absolute, asterisk, authority
}
