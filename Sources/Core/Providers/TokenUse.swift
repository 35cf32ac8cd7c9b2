import HTTPTypes
import JSON
import Time

package struct TokenUse: Sendable, Hashable {
    package var headers: [HeaderTemplate] = []
}
