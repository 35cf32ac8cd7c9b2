import Admission
import Broker
import Configuration
import JSON
import Secrets
import Store
import Time
import Tokens

@testable import Admission

/// Requests of callers, and what must hold of the answers.
extension World {
    private static let admin: Caller = {
        var caller = Caller(clients: [])
        caller.isOperator = true
        return caller
    }()
    private static let reader: Caller = {
        var caller = Caller(clients: [])
        caller.isOwner = true
        return caller
    }()

    func perform(_ call: Call, on machine: Int) {
        guard let daemon = daemons[machine], daemon.isOpen, machines[machine].suspendedUntil <= time.now else { return }
        count { $0.requests += 1 }
        for (_, end) in models[machine].open where end < time.now && machines[machine].suspendedUntil + .seconds(60) < time.now {
            return violate("a caller waits without end, since \(DurationSyntax.words(time.now - end + .seconds(40)))", on: machine)
        }
        let number = nextNumber()
        models[machine].open[number] = time.now + .seconds(40)
        Task { [self] in
            defer { if daemons[machine] === daemon { models[machine].open[number] = nil } }
            switch call {
            case .token(let account, let tenant, let form, let wait, let minValid, let other):
                await askToken(account, tenant, form, wait: wait, minValid: minValid, other: other, daemon)
            case .refresh(let account, let tenant, let asAdmin):
                if asAdmin {
                    models[machine].release(account, withPause: true)
                    models[machine].isOrderedByAdmin.insert(account)
                }
                note("\(asAdmin ? "an operator" : "a caller") wants \(account) refreshed", on: machine)
                await ask("POST", account + "/refresh", tenant, as: asAdmin ? Self.admin : Self.reader, daemon)
            case .report(let account, let tenant, let status, let isCurrent): await report(account, tenant, status, isCurrent, daemon)
            case .pause(let account): await ask("POST", account + "/pause", nil, as: Self.admin, daemon)
            case .resume(let account): await ask("POST", account + "/resume", nil, as: Self.admin, daemon)
            case .revoke(let account):
                models[machine].held[account] = nil
                await ask("POST", account + "/revoke", nil, as: Self.admin, daemon)
            case .inspect: await inspect(daemon)
            }
        }
    }

    private func target(_ path: String, _ tenant: String?, _ query: [String] = []) -> String {
        let pairs = (tenant.map { ["tenant=\($0)"] } ?? []) + query
        return "/v1/tokens/\(path)" + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }

    /// Asks for something that holds no token, and looks for secrets in the answer.
    @discardableResult
    private func ask(_ method: String, _ path: String, _ tenant: String?, as caller: Caller, _ daemon: Daemon, body: String = "") async
        -> SimulatedLoop.Answer?
    {
        await ask("\(method) \(target(path, tenant))", as: caller, daemon, body: body)
    }

    @discardableResult
    private func ask(_ line: String, as caller: Caller, _ daemon: Daemon, body: String = "") async -> SimulatedLoop.Answer? {
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        let message = "\(line) HTTP/1.1\r\nHost: localhost\r\n\(length)\r\n\(body)"
        guard let answer = await daemon.loop.answer(message, to: caller, of: daemon) else { return nil }
        if daemon.life.isOver { return nil }
        let shown = answer.fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n") + String(decoding: answer.body, as: UTF8.self)
        if Account.isShown(in: shown.utf8) { violate("a secret in the answer to \(line): \(shown.prefix(300))", on: daemon.machine.number) }
        return answer
    }

    private func report(_ account: String, _ tenant: String?, _ status: Int, _ isCurrent: Bool, _ daemon: Daemon) async {
        guard let keeper = try? await daemon.broker.keeper(account, perRequest: tenant.map { ["tenant": $0] } ?? [:]) else { return }
        let fingerprint = isCurrent ? keeper.cell.current?.token.fingerprint : "0123456789ab"
        guard let fingerprint else { return }
        note("\(account) is reported with \(status)", on: daemon.machine.number)
        await ask(
            "POST", account + "/rejections", tenant, as: Self.reader, daemon, body: "{\"fingerprint\":\"\(fingerprint)\",\"status\":\(status)}")
    }

    // MARK: Tokens

    private func askToken(
        _ name: String, _ tenant: String?, _ form: Call.Form, wait: Int?, minValid: Int64?, other: Bool, _ daemon: Daemon
    ) async {
        let machine = daemon.machine.number
        let key = name + (tenant.map { "/\($0)" } ?? "")
        let query = (wait.map { ["wait=\($0)"] } ?? []) + (minValid.map { ["min_valid=\($0)"] } ?? [])
        var lines =
            "\(form == .head ? "HEAD" : "GET") \(target(form == .headers ? name + "/headers" : name, tenant, query)) HTTP/1.1\r\nHost: localhost\r\n"
        if form == .text { lines += "Accept: text/plain\r\n" }
        if other, let fingerprint = daemon.broker.board.all[name]?.current?.token.fingerprint { lines += "If-None-Match: \"\(fingerprint)\"\r\n" }
        let began = time.now
        guard let answer = await daemon.loop.answer(lines + "\r\n", to: Self.reader, of: daemon), !daemon.life.isOver, daemon.isOpen else { return }
        note("GET \(key)\(query.isEmpty ? "" : "?" + query.joined(separator: "&")): \(answer.status)", on: machine)
        let limit = Duration.seconds(wait ?? 5) + .milliseconds(10)
        if time.now - began > limit, machines[machine].suspendedUntil < began {
            violate("\(key) was answered after \(DurationSyntax.words(time.now - began)) with wait=\(wait ?? 5)", on: machine)
        }
        switch answer.status {
        case 200: if form != .head { judge(answer, form, name, tenant, minValid, daemon) }
        case 304: break
        default: judgeRefusal(answer, key, minValid, daemon)
        }
    }

    private func judge(_ answer: SimulatedLoop.Answer, _ form: Call.Form, _ name: String, _ tenant: String?, _ minValid: Int64?, _ daemon: Daemon) {
        count { $0.served += 1 }
        let machine = daemon.machine.number
        let json = JSONValue(parsing: answer.body)
        let value: String? =
            switch form {
            case .json, .head: json?["access_token"]?.text
            case .text: String(decoding: answer.body.dropLast(), as: UTF8.self)
            case .headers: answer.field("Authorization").map { String($0.dropFirst("Bearer ".count)) }
            }
        guard let value, let issue = partner.now.issues[value], issue.account == name, issue.tenant == tenant else {
            return violate("an alien token for \(name): \(value ?? "none")", on: machine)
        }
        let besides = String(decoding: answer.body, as: UTF8.self).replacing(value, with: "")
        if form != .head, Account.isShown(in: besides.utf8) { violate("a secret beside the token of \(name): \(besides.prefix(200))", on: machine) }
        if models[machine].withdrawn.contains(value) { violate("a revoked token of \(name)", on: machine) }
        if models[machine].excused.contains(value) { return }
        let left = issue.expires - time.now
        if left <= .zero { return violate("an expired token of \(name), dead for \(DurationSyntax.words(.zero - left))", on: machine) }
        if let stated = json?["expires_in"]?.integerValue, .seconds(stated) > left {
            violate("\(name) says expires_in \(stated), and \(left.inSeconds) s are left", on: machine)
        }
        if let minValid, left < .seconds(minValid) { violate("\(name) with \(left.inSeconds) s left for min_valid=\(minValid)", on: machine) }
    }

    /// A refusal, which must not withhold a token that is valid by what the partner has said.
    private func judgeRefusal(_ answer: SimulatedLoop.Answer, _ key: String, _ minValid: Int64?, _ daemon: Daemon) {
        let machine = daemon.machine.number
        let text = String(decoding: answer.body, as: UTF8.self)
        if Account.isShown(in: answer.body) { violate("a secret in a refusal of \(key): \(text.prefix(300))", on: machine) }
        guard minValid == nil, daemon.configuration.token(Model.account(key)) != nil, let held = models[machine].held[key],
            held.until - time.now > .seconds(1)
        else { return }
        violate(
            "\(key) is refused with \(answer.status), and its token lives for \(DurationSyntax.words(held.until - time.now)): \(text.prefix(200))",
            on: machine)
    }

    // MARK: Readiness and metrics

    /// Readiness, metrics and list must say what requests for the tokens get at the same moment.
    private func inspect(_ daemon: Daemon) async {
        let (machine, moment) = (daemon.machine.number, time.now)
        var usable: [String: Bool] = [:]
        var isReady = true
        for entry in daemon.configuration.tokens where entry.perRequest.isEmpty {
            guard
                let answer = await daemon.loop.answer(
                    "HEAD /v1/tokens/\(entry.name)?wait=0 HTTP/1.1\r\nHost: localhost\r\n\r\n", to: Self.reader, of: daemon)
            else { return }
            usable[entry.name] = answer.status == 200
            let isHeld =
                (try? await daemon.broker.keeper(entry.name, perRequest: [:])?.status().state).map { $0 == .paused || $0 == .revoked } ?? false
            if answer.status != 200, entry.isRequired, !isHeld { isReady = false }
        }
        guard let ready = await ask("GET /readyz", as: Self.admin, daemon), let page = await ask("GET /metrics", as: Self.admin, daemon) else {
            return
        }
        for path in ["/v1/tokens", "/v1/overview"] { await ask("GET \(path)", as: Self.admin, daemon) }
        // A reload in between changes what is asked for.
        guard time.now == moment, !daemon.life.isOver, daemon.isOpen, Set(daemon.broker.board.all.keys).isSuperset(of: usable.keys) else { return }
        if (ready.status == 200) != isReady {
            violate("/readyz says \(ready.status), and requests got \(usable.sorted { $0.key < $1.key })", on: machine)
        }
        let metrics = samples(String(decoding: page.body, as: UTF8.self))
        for (name, isUsable) in usable {
            if metrics["tokenbroker_token_usable{token=\"\(name)\"}"] != (isUsable ? 1 : 0) {
                violate("tokenbroker_token_usable of \(name) is not \(isUsable)", on: machine)
            }
            let logins = metrics.filter { $0.key.hasPrefix("tokenbroker_logins_total{token=\"\(name)\"") }.reduce(0) { $0 + $1.value }
            if Int(logins) > daemon.ended[name, default: 0] {
                violate("\(logins) logins of \(name) in the metrics, not \(daemon.ended[name, default: 0])", on: machine)
            }
        }
    }

    private func samples(_ page: String) -> [String: Double] {
        var samples: [String: Double] = [:]
        for line in page.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return samples
    }

    // MARK: The end

    /// After the faults every token must be there again.
    func check() {
        for daemon in daemons.compactMap({ $0 }) {
            Task { [self] in
                for account in plan.accounts {
                    let tenant = account.kind == .perRequest ? Account.tenants[0] : nil
                    let message = "GET \(target(account.name, tenant, ["wait=10"])) HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    let answer = await daemon.loop.answer(message, to: Self.reader, of: daemon)
                    if answer?.status != 200 {
                        let text = answer.map { String(decoding: $0.body, as: UTF8.self) } ?? "nothing"
                        // Credentials that were refused before they ever logged in are tried every six hours.
                        if tenant != nil, text.contains("credentials-rejected") { continue }
                        violate(
                            "\(account.name) is not well \(DurationSyntax.words(time.now - calmAt)) after the faults: \(text.prefix(300))",
                            on: daemon.machine.number)
                    }
                }
                if let writer = daemon.writer { await checkDisk(daemon, writer) }
            }
        }
        if daemons.contains(where: { $0 == nil }) { violate("a machine has no daemon") }
    }

    /// What is served is on disk.
    private func checkDisk(_ daemon: Daemon, _ writer: StoreWriter) async {
        await writer.flush()
        for (name, cell) in daemon.broker.board.all {
            guard let token = cell.current?.token.value.exposedText else { continue }
            let kept = models[daemon.machine.number].committed.first { $0.key.token == name }
            if kept?.value.held.token != token { violate("the token of \(name) is not on disk", on: daemon.machine.number) }
        }
    }
}
