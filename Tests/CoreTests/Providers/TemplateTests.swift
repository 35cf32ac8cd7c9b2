import Providers
import TestSupport
import Testing

/// Templates of the provider language.
@Suite struct TemplateTests {
    @Test(arguments: ["{", "}", "{}", "{A}", "a{b", "{a b}"]) func `a lone brace is a fault`(text: String) {
        #expect(throws: TemplateFault.self) { try Template(text) }
    }

    @Test func `doubled braces are braces`() throws {
        #expect(try Template("{{x}}").parts == [.text("{x}")])
    }
}
