/// The form a request target came in (RFC 9112 §3.2).
public enum TargetForm: Sendable {
    case origin, absolute, asterisk, authority
}
