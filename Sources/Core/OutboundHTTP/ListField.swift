package import HTTPTypes

extension String {
    /// The members of a field's comma-separated list, without the blanks around them and without empty ones (RFC 9110 §5.6.1).
    package var listMembers: [String] {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return split(separator: ",").map { String($0.drop(while: isBlank).reversed().drop(while: isBlank).reversed()) }.filter { !$0.isEmpty }
    }
}

extension HTTPFields {
    /// The members of all lines of a field together.
    package func members(_ name: HTTPField.Name) -> [String] { self[fields: name].flatMap(\.value.listMembers) }
}
