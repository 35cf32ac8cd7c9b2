import Providers
import TestSupport
import Testing

/// Templates of the provider language.
@Suite struct TemplateTests {
    @Test(arguments: ["{", "{}", "{A}", "a{b", "{a b}"]) func `an opening brace alone is a fault`(text: String) {
        #expect(throws: TemplateFault.self) { try Template(text) }
    }

    @Test func `doubled braces are braces, and a closing one alone is itself`() throws {
        #expect(try Template("a}b").parts == [.text("a}b")])
        #expect(try Template("{{x}}").parts == [.text("{x}")])
    }
}
