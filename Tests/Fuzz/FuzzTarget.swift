import Glibc

/// A part of the program that reads bytes from outside, and what must hold for any bytes. A violation traps.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case requestParser = "request-parser"
    case oauth2Form = "oauth2-form"
    case socketDiagnosis = "socket-diagnosis"
    case yaml
    case provider
    case template
    case derivedValue = "derived-value"
    case json
    case xml
    case webToken = "web-token"
    case date
    case cookie
    case answer
    case sealedRecord = "sealed-record"
    case etcd

    /// Runs the target on an input.
    package func run(_ bytes: [UInt8]) {
        switch self {
        case .requestParser: RequestParserTarget.run(bytes)
        case .oauth2Form: FormTarget.run(bytes)
        case .socketDiagnosis: SocketDiagnosisTarget.run(bytes)
        case .yaml: ConfigurationTarget.run(bytes)
        case .provider: ConfigurationTarget.runProvider(bytes)
        case .template: TemplateTarget.run(bytes)
        case .derivedValue: TemplateTarget.runDerived(bytes)
        case .json: JSONTarget.run(bytes)
        case .xml: XMLTarget.run(bytes)
        case .webToken: JSONTarget.runWebToken(bytes)
        case .date: DateTarget.run(bytes)
        case .cookie: AnswerTarget.runCookie(bytes)
        case .answer: AnswerTarget.run(bytes)
        case .sealedRecord: RecordTarget.run(bytes)
        case .etcd: EtcdTarget.run(bytes)
        }
    }
}

/// An invariant of a target: says on standard error which one is broken, and traps.
func hold(_ fact: @autoclosure () -> Bool, _ what: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line) {
    guard !fact() else { return }
    let text = Array("fuzz: broken at \(file):\(line): \(what())\n".utf8)
    _ = unsafe write(2, text, text.count)
    preconditionFailure(what())
}

/// What libFuzzer calls for each input; it passes `FUZZ_TARGET` in the environment.
@_cdecl("LLVMFuzzerTestOneInput") public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
