import HTTPTypes
import TestSupport
import Testing
import Tokens

@testable import Login
@testable import Providers

/// What goes to the partner with a token.
@Suite struct CarriedTokenTests {
    @Test(arguments: [
        ("{k}", [KeptValue(name: "k", source: SourceList(.text), isOptional: true)], true),
        ("{k}", [KeptValue(name: "k", source: SourceList(.text), isOptional: false)], false),
        ("{k}", [KeptValue(name: "other", source: SourceList(.text), isOptional: true)], false),
        ("a {k}", [KeptValue(name: "k", source: SourceList(.text), isOptional: true)], false),
        ("{k}", [], false),
    ])
    func `a value that fits no header is left out where it may be absent`(header: String, kept: [KeptValue], isLeftOut: Bool) throws {
        var use = TokenUse()
        use.headers = [HeaderTemplate(name: try #require(HTTPField.Name("X-Kept")), value: try Template(header))]
        let reader = ReplyReader(.make(200, "{}", clocks: FakeClocks()))
        let carried = Result { () throws(LoginFailure) in try CarriedToken(use, kept, from: reader, ValueScope(["k": Array("a\r\nb".utf8)])) }
        switch carried {
        case .success(let carried): #expect(isLeftOut && carried.headers.isEmpty && carried.query == nil && carried.json == nil)
        case .failure(let failure): #expect(!isLeftOut && failure.failureClass == .badReply)
        }
    }
}
