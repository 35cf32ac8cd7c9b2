import Glibc
import TokenBrokerClient

// Prints what a request to a partner needs:
//   TOKENBROKER_KEY_FILE=key client-example zapper
guard CommandLine.arguments.count == 2 else {
    print("usage: client-example TOKEN")
    exit(64)
}
do {
    let token = try await TokenBrokerClient().token(CommandLine.arguments[1], wait: .seconds(10))
    print("token \(token.fingerprint), \(token.expiresIn.map { "\($0.components.seconds) s left" } ?? "without end")")
    for name in token.headers.keys.sorted() { print("it is sent in \(name)") }
} catch {
    print("no token: \(error)")
    exit(69)
}
