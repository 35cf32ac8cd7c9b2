import CLinux
import Glibc

@testable import LocalHTTP

/// Answers of sock_diag(7): only one that describes exactly this connection says who is at its other end.
enum SocketDiagnosisTarget {
    static func run(_ bytes: [UInt8]) {
        var answer = SocketAnswer()
        unsafe withUnsafeMutableBytes(of: &answer) { unsafe $0.copyBytes(from: bytes.prefix($0.count)) }
        guard let source = Endpoint(.loopback4(host: [127, 0, 0, 1], port: 40_000)),
            let destination = Endpoint(.loopback4(host: [127, 0, 0, 1], port: 8653))
        else { return }
        guard case .socket(let message)? = answer.finding(count: bytes.count, sequence: 1, source: source, destination: destination) else { return }
        hold(answer.header.nlmsg_seq == 1, "an answer to another query")
        hold(bytes.count >= 16 + 72, "an answer that was cut")
        hold(UInt16(bigEndian: message.id.idiag_sport) == 40_000 && message.id.idiag_src.0 == UInt32(0x7F00_0001).bigEndian, "another source")
        hold(
            message.idiag_state == SocketDiagnosis.listening
                || UInt16(bigEndian: message.id.idiag_dport) == 8653 && message.id.idiag_dst.0 == UInt32(0x7F00_0001).bigEndian,
            "another destination")
    }
}
