import Testing

@testable import BrokerDaemon

/// What systemd says in the address of its end.
@Suite struct CredentialRequestTests {
    @Test func `unit and credential are in the address`() {
        let request = CredentialRequest(address: [0] + Array("adf9d86b6eda275e/unit/billing@1.service/zapper".utf8))
        #expect(request?.unit == "billing@1.service" && request?.credential == "zapper")
    }

    @Test(arguments: ["x/unit/a.service", "x/unit/a.service/", "x/unit//zapper", "x/other/a.service/zapper", "x/unit/a.service/zapper/more", ""])
    func `another abstract address asks for nothing`(text: String) {
        #expect(CredentialRequest(address: [0] + Array(text.utf8)) == nil)
    }

    @Test func `a path asks for nothing`() {
        #expect(CredentialRequest(address: Array("/tmp/x/unit/a.service/zapper".utf8)) == nil)
    }
}
