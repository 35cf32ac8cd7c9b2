import ArgumentParser
import Configuration
import Text

extension BrokerConfiguration {
    /// The token of this name.
    ///
    /// - Throws: an exit code, after a name that is not configured was reported on standard error.
    func required(_ name: String) throws -> TokenConfiguration {
        if let token = token(name) { return token }
        explain("tokenbroker: there is no token \(name)\(Suggestion.text(for: name, among: tokens.map(\.name), "tokens"))")
        throw ProgramExit.usage
    }
}
