/// A secret that could not be read: its place, and what is wrong or would be right.
package struct SecretFault: Error, Equatable, CustomStringConvertible {
    package let place: String
    package let problem: String

    package init(place: String, problem: String) {
        self.place = place
        self.problem = problem
    }

    package var description: String { "\(place): \(problem)" }
}
