/// An element of an XML document with its attributes, by local names: prefixes and name spaces say nothing here.
package struct XMLElement: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        case element(XMLElement)
        case text(String)
    }

    package let name: String
    package internal(set) var attributes: [String: String]
    package internal(set) var content: [Content] = []

    /// Reads a whole document; nil for anything that is not well-formed, declares entities, or is nested more than 256 deep.
    package init?(parsing bytes: [UInt8]) {
        guard let root = XMLReader.read(bytes) else { return nil }
        self = root
    }

    init(name: String, attributes: [String: String]) {
        self.name = name
        self.attributes = attributes
    }

    /// The text of the element and of everything in it, in document order.
    package var text: String {
        content.map { content in
            switch content {
            case .text(let text): text
            case .element(let element): element.text
            }
        }.joined()
    }

    var elements: [XMLElement] { content.compactMap { if case .element(let element) = $0 { element } else { nil } } }
}
