/// Why a message is refused before it is routed.
///
/// The connection is closed after each of these faults: where one message ends and the next begins is no longer certain
/// (RFC 9112 §9.6, §11.2).
public enum MessageFault: Error, Sendable, Equatable {
    /// 400; the text names what is malformed, as the object of "the request has".
    case malformed(StaticString)
    /// 431 (RFC 6585 §5).
    case headersTooLarge
    /// 414 (RFC 9110 §15.5.15): the request line alone exceeds the limit.
    case targetTooLong
    /// 413.
    case payloadTooLarge
    /// 505: a major version other than 1.
    case versionNotSupported
    /// 417: an expectation other than 100-continue (RFC 9110 §10.1.1).
    case expectationFailed
    /// 408: the request did not arrive in time.
    case timedOut

    public var status: Int {
        switch self {
        case .malformed: 400
        case .headersTooLarge: 431
        case .targetTooLong: 414
        case .payloadTooLarge: 413
        case .versionNotSupported: 505
        case .expectationFailed: 417
        case .timedOut: 408
        }
    }

    public static func == (left: MessageFault, right: MessageFault) -> Bool {
        left.status == right.status
    }
}
