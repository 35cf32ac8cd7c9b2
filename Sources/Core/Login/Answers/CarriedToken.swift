import HTTPTypes
import Providers
import Secrets
import Tokens

/// What callers send to the partner with a token: headers, pairs of the query, members of a JSON body.
struct CarriedToken {
    private(set) var headers: [TokenHeader] = []
    private(set) var query: [TokenHeader]?
    private(set) var json: Secret?

    /// - Throws: `LoginFailure`, class bad reply, if a value that must be there does not fit into a header.
    init(_ use: TokenUse, _ keep: [KeptValue], from reader: ReplyReader, _ values: ValueScope) throws(LoginFailure) {
        for header in use.headers {
            do throws(LoginFailure) {
                guard let value = try header.value.render(values, encode: PlaceEncoding.header) else { continue }
                headers.append(TokenHeader(name: header.name.rawName, value: Secret(value)))
            } catch {
                // The partner's own value does not fit into a header: it is left out if it may be absent.
                let isOptional = keep.contains { $0.isOptional && $0.name == header.value.soleName }
                if !isOptional { throw reader.bad(error.reason) }
            }
        }
        query = use.query.map { pairs in
            pairs.filter { values.has($0.value) }.map {
                TokenHeader(name: $0.name, value: Secret(values.text($0.value)))
            }
        }
        json = use.json.map { Secret(JSONRendering.bytes($0, values)) }
    }
}
