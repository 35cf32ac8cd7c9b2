import HTTPTypes
import OutboundHTTP
import Text
import Time

/// One process's way to the partners.
struct PartnerLink: HTTPTransport {
    let life: Life
    let world: World

    func send(_ request: OutboundRequest) async throws(TransportFault) -> PartnerReply {
        let path = request.url.dropFirst("https://".count)
        guard let account = world.account(String(path.prefix { $0 != "." })) else { throw TransportFault(.unreachable, "no such host") }
        let isRefresh = path.hasSuffix("/refresh")
        let form = Dictionary(FormText.pairs(request.body ?? []).map { ($0.name, $0.value) }) { $1 }
        let flight = Flight(account: account.name, tenant: form["tenant"], isRefresh: isRefresh, sentAt: world.time.now)
        world.began(flight, in: life)
        let (sentAt, sentAtWall) = (life.boot, life.wall)
        do throws(TransportFault) {
            let reply = try await exchange(account, form, isRefresh)
            world.ended(flight, reply, in: life)
            var fields = HTTPFields()
            fields[.contentType] = "application/json"
            for (name, value) in reply.fields { if let name = HTTPField.Name(name) { fields[name] = value } }
            fields[.date] = CalendarTime.imfFixdate(world.partner.clock(account))
            return PartnerReply(
                status: reply.status, fields: fields, body: Array(reply.body.utf8), sentAt: sentAt, sentAtWall: sentAtWall, receivedAtWall: life.wall)
        } catch {
            world.ended(flight, nil, in: life)
            throw error
        }
    }

    private func exchange(_ account: Account, _ form: [String: String], _ isRefresh: Bool) async throws(TransportFault) -> Partner.Reply {
        let weather = world.weather(of: account.name)
        switch weather {
        case .unreachable:
            try await pass(.milliseconds(50))
            throw TransportFault(.unreachable, "connection refused")
        case .untrusted:
            try await pass(.milliseconds(50))
            throw TransportFault(.untrusted, "certificate has expired")
        case .late:
            try await pass(.seconds(30))
            _ = world.partner.answer(account, form, isRefresh: isRefresh, nil)
            throw TransportFault(.timedOut, "no answer within 30 s")
        case .slow(let time): try await pass(time)
        default: try await pass(world.latency())
        }
        var reply = world.partner.answer(account, form, isRefresh: isRefresh, weather)
        if weather == .doubled { world.brokenChains.insert(account.name) }
        if weather == .doubled { reply = world.partner.answer(account, form, isRefresh: isRefresh, weather) }
        try await pass(world.latency())
        if weather == .lostAnswer { throw TransportFault(.unreachable, "connection reset by peer") }
        return reply
    }

    /// Lets time pass, unless the request is given up.
    private func pass(_ duration: Duration) async throws(TransportFault) {
        do {
            try await life.sleep(until: life.boot + duration)
        } catch {
            throw TransportFault(.unreachable, "cancelled")
        }
    }
}

/// A request on its way to a partner and back.
struct Flight: Sendable, Hashable {
    let account: String
    let tenant: String?
    let isRefresh: Bool
    let sentAt: BootInstant

    var key: String { account + (tenant.map { "/\($0)" } ?? "") }
}
