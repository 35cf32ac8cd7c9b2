import Admission
import Contract
package import LocalHTTP
import Observability
import Time

/// Requests for current tokens, answered from rendered bytes.
extension BrokerHandler {
    package func respondAgain(to bytes: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer) -> RepeatedRequest? {
        guard let request = memory.find(bytes, on: connection, of: admission.identity(of: connection)),
            let answer = cache.answer(request.slot, as: request.reply.form),
            request.comparedVersion == nil || request.comparedVersion == answer.version,
            request.minValid == 0 || cache.hasMore(answer, than: request.minValid),
            admission.admitsAgain(request.known, under: request.rulesVersion, on: connection)
        else { return nil }
        send(answer, of: request.slot, request.reply, to: request.known, into: &output)
        if connection.memory !== request { connection.memory = request }
        return RepeatedRequest(length: request.message.count, closes: request.reply.closes)
    }

    /// Answers a request for a configured token; nil where it needs more than a rendered answer.
    func sendRendered(_ head: borrowing RequestHead, _ bytes: Span<UInt8>, on connection: Connection, into output: inout ResponseBuffer) -> Reply? {
        guard head.method == .get || head.method == .head else { return nil }
        var (place, route) = (cache.place(head.path, bytes), Route.token)
        let isHeaders = place == nil
        if isHeaders { (place, route) = (cache.placeOfHeaders(head.path, bytes), Route.tokenHeaders) }
        guard let place else { return nil }
        let known = admission.caller(head, bytes, on: connection)
        guard let shape = shape(of: head, bytes, isHeaders: isHeaders, visitorOf: known.flatMap { $0.asksForVisitor(on: route) ? $0 : nil }) else {
            return nil
        }
        let slot = cache.slot(place)
        let chosen = choose(slot, as: shape.form, minValid: shape.minValid) { shape.names($0.fingerprint, bytes) }
        guard let chosen else { return nil }
        do throws(Problem) {
            try admission.decide(head, bytes, route, about: .place(place), by: known, on: connection)
        } catch {
            // Refused by the same steps as a name that does not exist, so that the time does not tell them apart.
            let none = bytes.extracting(0..<0)
            return (try? self.route(head, bytes, none, on: connection, into: &output, decided: (known, error))) ?? .response(refused(error))
        }
        guard let known else { return nil }
        let reply = reply(chosen.form, route, to: head)
        send(chosen.answer, of: slot, reply, to: known, into: &output)
        memory.note(
            bytes, on: connection, known, slot, reply, minValid: shape.minValid, comparedVersion: shape.tag == nil ? nil : chosen.answer.version)
        return .written
    }

    /// Query and conditions of a proxy's request are its visitor's, but for the parameters that the proxy passes.
    private func shape(of head: borrowing RequestHead, _ bytes: Span<UInt8>, isHeaders: Bool, visitorOf proxy: KnownCaller?) -> ShapedRequest? {
        guard let proxy else { return ShapedRequest(head, bytes, isHeaders: isHeaders, accepts) }
        return head.query == nil || proxy.standing.passedInputs.isEmpty ? ShapedRequest(form: .headers) : nil
    }

    /// Answers a request for a token of per-request inputs that is in hand; nil where it needs more than a rendered answer.
    func sendCombination(
        _ request: APIRequest, _ head: borrowing RequestHead, _ bytes: Span<UInt8>, by known: KnownCaller?, on connection: Connection,
        into output: inout ResponseBuffer
    ) -> Reply? {
        guard let known, let form = request.renderedForm, let cell = api.combination(of: request) else { return nil }
        let slot = cache.slot(of: cell)
        let least = request.minValid?.wholeSeconds ?? 0
        let chosen = choose(slot, as: form, minValid: least) { request.ifNoneMatch.names(String(decoding: $0.fingerprint, as: UTF8.self)) }
        guard let chosen else { return nil }
        let reply = reply(chosen.form, request.route, to: head)
        send(chosen.answer, of: slot, reply, to: known, into: &output)
        memory.note(
            bytes, on: connection, known, slot, reply, minValid: least, comparedVersion: request.ifNoneMatch.isEmpty ? nil : chosen.answer.version)
        return .written
    }

    /// The answer in this form, or 304 where the request's condition names its token; nil where neither may be sent.
    private func choose(
        _ slot: AnswerSlot, as form: RenderedAnswer.Form, minValid: Int64, isNamed: (RenderedAnswer) -> Bool
    ) -> (answer: RenderedAnswer, form: RenderedAnswer.Form)? {
        guard let answer = cache.answer(slot, as: form), minValid == 0 || cache.hasMore(answer, than: minValid) else { return nil }
        guard isNamed(answer) else { return (answer, form) }
        return cache.answer(slot, as: .notModified).map { ($0, .notModified) }
    }

    private func reply(_ form: RenderedAnswer.Form, _ route: Route, to head: borrowing RequestHead) -> RenderedReply {
        RenderedReply(form: form, counter: cache.counter(route.endpoint, form), closes: !head.keepsAlive, omitsBody: head.method == .head)
    }

    private func send(_ answer: RenderedAnswer, of slot: AnswerSlot, _ reply: RenderedReply, to known: KnownCaller, into output: inout ResponseBuffer)
    {
        cache.send(answer, of: slot, reply, into: &output)
        if isAudited, reply.form != .notModified { audit.recordServed(answer, to: known.audited) }
    }
}
