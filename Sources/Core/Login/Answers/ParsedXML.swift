import OutboundHTTP
import Synchronization
import XML

/// An answer as XML, parsed when a source first asks for it.
final class ParsedXML: Sendable {
    private let known = Mutex<XMLElement??>(nil)

    /// The root element; nil where the body is not XML.
    func root(of reply: PartnerReply) -> XMLElement? {
        known.withLock { known in
            let root = known ?? XMLElement(parsing: reply.body)
            known = .some(root)
            return root
        }
    }
}
