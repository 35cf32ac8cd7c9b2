import Time

/// How a partner, or the way to it, behaves for a time.
enum Weather: Sendable, Hashable {
    case down(status: Int)
    /// 503 with a pause in seconds.
    case overloaded(pause: Int64)
    /// 429, with a pause in seconds where it states one, as a date or not.
    case throttled(pause: Int64?, asDate: Bool)
    case rejecting
    case refusing(status: Int)
    /// A page of a proxy, with status 200.
    case page
    /// 200 without a token.
    case empty
    case redirect
    /// The token before, while it lives.
    case sameToken
    /// Tokens of this many seconds.
    case brief(Int64)
    case slow(Duration)
    /// The partner logs in, and its answer is lost.
    case lostAnswer
    /// The request arrives twice.
    case doubled
    case unreachable
    case untrusted
    /// Nothing is heard: the request ends by its timeout, and the partner logs in late.
    case late

    static func draw(_ generator: inout SeededDraw) -> Weather {
        switch generator.below(16) {
        case 0: .down(status: generator.one(of: [500, 502, 503, 504, 408, 425]))
        case 1: .overloaded(pause: generator.one(of: [1, 30, 600]))
        case 2: .throttled(pause: generator.one(of: [nil, 5, 60, 1200]), asDate: false)
        case 3: .throttled(pause: generator.one(of: [20, 90]), asDate: true)
        case 4: .rejecting
        case 5: .refusing(status: generator.one(of: [400, 403, 404, 422]))
        case 6: .page
        case 7: .empty
        case 8: .redirect
        case 9: .sameToken
        case 10: .brief(generator.one(of: [1, 5, 20, 60]))
        case 11: .slow(.seconds(generator.one(of: [2, 10, 25])))
        case 12: .lostAnswer
        case 13: .doubled
        case 14: generator.one(of: [.unreachable, .untrusted])
        default: .late
        }
    }
}
