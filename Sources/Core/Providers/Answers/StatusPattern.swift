/// A status such as 401, or a class of statuses such as `4xx`.
package enum StatusPattern: Sendable, Hashable, CustomStringConvertible {
    case exactly(Int)
    case hundreds(Int)

    package func matches(_ status: Int) -> Bool {
        switch self {
        case .exactly(let wanted): status == wanted
        case .hundreds(let wanted): status / 100 == wanted
        }
    }

    package var description: String {
        switch self {
        case .exactly(let status): String(status)
        case .hundreds(let hundreds): "\(hundreds)xx"
        }
    }
}
