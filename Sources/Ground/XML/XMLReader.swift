import CExpat

/// Builds the tree of a document with libexpat, which fetches nothing. A document that declares entities is refused: no answer needs them, and
/// they let a small text grow without end.
final class XMLReader {
    private static let maximumDepth = 256

    private var open: [XMLElement] = []
    private var root: XMLElement?
    private var isRefused = false

    static func read(_ bytes: [UInt8]) -> XMLElement? {
        guard let parser = unsafe XML_ParserCreate(nil) else { return nil }
        defer { unsafe XML_ParserFree(parser) }
        let reader = XMLReader()
        // The reader outlives the parser, which is the only one to use this pointer.
        unsafe XML_SetUserData(parser, Unmanaged.passUnretained(reader).toOpaque())
        unsafe XML_SetElementHandler(
            parser,
            { context, name, attributes in unsafe XMLReader.of(context)?.begin(name, attributes) },
            { context, _ in unsafe XMLReader.of(context)?.end() })
        unsafe XML_SetCharacterDataHandler(parser) { context, text, count in unsafe XMLReader.of(context)?.append(text, Int(count)) }
        unsafe XML_SetEntityDeclHandler(parser) { context, _, _, _, _, _, _, _, _ in unsafe XMLReader.of(context)?.isRefused = true }
        let outcome = unsafe bytes.withUnsafeBytes {
            unsafe XML_Parse(parser, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), 1)
        }
        return outcome == XML_STATUS_OK && !reader.isRefused ? reader.root : nil
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> XMLReader? {
        unsafe context.map { unsafe Unmanaged<XMLReader>.fromOpaque($0).takeUnretainedValue() }
    }

    private func begin(_ name: UnsafePointer<CChar>?, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
        guard let name = unsafe name, open.count < Self.maximumDepth, !isRefused else {
            isRefused = true
            return
        }
        var values: [String: String] = [:]
        var place = 0
        while let attributes = unsafe attributes, let key = unsafe attributes[place], let value = unsafe attributes[place + 1] {
            unsafe values[Self.localName(String(cString: key))] = unsafe String(cString: value)
            place += 2
        }
        open.append(XMLElement(name: unsafe Self.localName(String(cString: name)), attributes: values))
    }

    private func end() {
        guard !isRefused, let element = open.popLast() else { return }
        if open.isEmpty { root = element } else { open[open.count - 1].content.append(.element(element)) }
    }

    private func append(_ text: UnsafePointer<CChar>?, _ count: Int) {
        guard !isRefused, !open.isEmpty, let text = unsafe text else { return }
        let bytes = unsafe UnsafeBufferPointer(start: text, count: count).map { UInt8(bitPattern: $0) }
        open[open.count - 1].content.append(.text(String(decoding: bytes, as: UTF8.self)))
    }

    private static func localName(_ name: String) -> String { name.firstIndex(of: ":").map { String(name[name.index(after: $0)...]) } ?? name }
}
