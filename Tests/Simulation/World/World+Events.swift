import Broker
import Configuration
import Store
import Time
import Tokens

/// What happens to a world.
extension World {
    /// When the faults end.
    var calmAt: BootInstant { start + plan.length - Plan.calm }

    /// A time from now on that ends when the faults do.
    private func end(_ duration: Duration) -> BootInstant { min(time.now + duration, calmAt) }

    func perform(_ event: Plan.Event) {
        switch event {
        case .weather(let account, let weather, let duration):
            note("weather of \(account): \(weather) for \(DurationSyntax.words(duration))")
            weathers[account, default: []].append((weather, end(duration)))
        case .crash(let machine, let steps, let downFor, let reboots):
            if steps == 0 { crash(machine, downFor: downFor, reboots: reboots) } else { pendingCrash = (machine, steps, downFor, reboots) }
        case .restart(let machine): restart(machine)
        case .suspend(let machine, let duration): suspend(machine, end(duration) - time.now)
        case .stepWall(let machine, let duration):
            note("wall clock stepped by \(duration.wholeSeconds) s", on: machine)
            machines[machine].stepWall(by: duration)
            // A record of an earlier boot that nobody has claimed yet is dated by the wall clock.
            for (name, committed) in models[machine].committed where !name.perRequest.isEmpty { models[machine].excused.insert(committed.held.token) }
        case .disk(let machine, let weather, let duration): spoil(machine, weather, end(duration))
        case .etcdDown(let duration): loseEtcd(end(duration))
        case .rotate(let account, let lag): rotate(account, lag)
        case .hideSecret(let account, let duration): hide(account, end(duration))
        case .reload(let machine, let variant): reload(machine, variant)
        case .call(let machine, let call): perform(call, on: machine)
        case .calm: calm()
        case .check: check()
        }
    }

    /// Runs something at a moment of the time line, outside every machine.
    private func at(_ moment: BootInstant, _ work: @escaping @Sendable () -> Void) {
        let time = time
        Task {
            try? await time.sleep(until: moment)
            work()
        }
    }

    // MARK: Processes

    func launch(_ machine: Int) {
        guard daemons[machine] == nil else { return }
        note("starts", on: machine)
        count { $0.starts += 1 }
        models[machine].forgetProcess()
        // A hold that never reached the disk is lost, and in a fleet each host keeps its own in memory.
        let isReadable = machines[machine].disk.weather == nil
        models[machine].heldBack = isReadable && etcd == nil ? models[machine].heldBack.intersection(models[machine].committedHolds) : []
        for committed in models[machine].committed.values where committed.clockSteps != machines[machine].clockSteps {
            models[machine].excused.insert(committed.held.token)
        }
        let daemon = Daemon(machines[machine], in: self)
        daemons[machine] = daemon
        daemon.start()
    }

    func crash(_ machine: Int, downFor: Duration, reboots: Bool) {
        pendingCrash = nil
        guard let daemon = daemons[machine] else { return }
        lastUpheaval = max(lastUpheaval, time.now)
        breakChains(machine)
        note("is killed\(reboots ? ", and the machine boots" : "")", on: machine)
        daemon.kill()
        daemons[machine] = nil
        models[machine].forgetProcess()
        if reboots { machines[machine].reboot() }
        at(end(downFor)) { [self] in launch(machine) }
    }

    /// What was on its way, or could not be written, is lost with the process.
    private func breakChains(_ machine: Int) {
        for account in plan.accounts where account.kind == .rotating {
            let isOnItsWay = !models[machine].flights[account.name, default: []].isEmpty
            let isUnwritten = models[machine].delivered.values.contains { partner.now.issues[$0.token]?.account == account.name }
            if isOnItsWay || isUnwritten || machines[machine].disk.weather != nil { brokenChains.insert(account.name) }
        }
    }

    private func restart(_ machine: Int) {
        // A process of a machine that sleeps cannot be asked to stop, and writes nothing.
        guard machines[machine].suspendedUntil <= time.now else { return at(machines[machine].suspendedUntil) { [self] in restart(machine) } }
        guard let daemon = daemons[machine], daemon.isOpen else { return }
        lastUpheaval = max(lastUpheaval, time.now)
        note("is stopped", on: machine)
        daemon.stop { [self] in
            guard daemons[machine] === daemon else { return }
            breakChains(machine)
            daemons[machine] = nil
            models[machine].forgetProcess()
            launch(machine)
        }
    }

    private func reload(_ machine: Int, _ variant: UInt64) {
        note("reloads configuration \(variant % 1000)", on: machine)
        machines[machine].variant = variant
        for account in plan.accounts { models[machine].release(account.name, withPause: false) }
        models[machine].moments = [:]
        let configured = Set(configuration(variant).tokens.map(\.name))
        models[machine].heldBack.formIntersection(configured)
        // An entry that is gone for a while begins with a new budget.
        for name in models[machine].spent.keys where !configured.contains(name) { models[machine].spent[name] = nil }
        for key in models[machine].held.keys where !configured.contains(Model.account(key)) { models[machine].held[key] = nil }
        daemons[machine]?.reload()
    }

    func applies(on machine: Int) { models[machine].appliedAt = time.now }

    // MARK: The machine

    private func suspend(_ machine: Int, _ duration: Duration) {
        guard duration > .zero else { return }
        lastUpheaval = max(lastUpheaval, time.now + duration)
        note("is suspended for \(DurationSyntax.words(duration))", on: machine)
        machines[machine].suspend(for: duration)
    }

    private func spoil(_ machine: Int, _ weather: Disk.Weather, _ end: BootInstant) {
        note("disk: \(weather) for \(DurationSyntax.words(end - time.now))", on: machine)
        machines[machine].disk.weather = weather
        at(end) { [self] in machines[machine].disk.weather = nil }
    }

    private func loseEtcd(_ end: BootInstant) {
        note("etcd is gone for \(DurationSyntax.words(end - time.now))")
        etcdDownUntil = max(etcdDownUntil, end)
        lastUpheaval = max(lastUpheaval, end)
        etcd?.lose(until: end)
    }

    // MARK: Secrets

    private func rotate(_ name: String, _ lag: Duration) {
        guard let account = account(name) else { return }
        note("\(name) has another password, its files \(lag.wholeSeconds) s later")
        let change: @Sendable () -> Void = { [self] in _ = partner.rotate(name) }
        let next = account.password(partner.now.passwords[name, default: 0] + 1)
        let install: @Sendable () -> Void = { [self] in for machine in machines { self.install(next, for: account, on: machine.number) } }
        if lag >= .zero {
            change()
            at(time.now + lag, install)
        } else {
            install()
            at(time.now - lag, change)
        }
    }

    /// Puts a password where the machine's daemon reads it.
    func install(_ password: String, for account: Account, on machine: Int) {
        guard machines[machine][account.passwordFile] != password else { return }
        machines[machine][account.passwordFile] = password
        models[machine].release(account.name, withPause: true)
        // Limits are those of a base URL with its secrets.
        models[machine].moments[account.name] = nil
        daemons[machine]?.secretsChanged([account.passwordFile])
    }

    private func hide(_ name: String, _ end: BootInstant) {
        guard let account = account(name) else { return }
        note("the secret of \(name) is gone for \(DurationSyntax.words(end - time.now))")
        for machine in machines {
            machine[account.passwordFile] = nil
            daemons[machine.number]?.secretsChanged([account.passwordFile])
        }
        at(end) { [self] in for machine in machines { install(partner.password(of: account), for: account, on: machine.number) } }
    }

    // MARK: Calm

    private func calm() {
        note("the faults end")
        weathers = [:]
        pendingCrash = nil
        for machine in machines {
            machine.disk.weather = nil
            if machine.variant != 0 { reload(machine.number, 0) }
            for account in plan.accounts { install(partner.password(of: account), for: account, on: machine.number) }
            launch(machine.number)
        }
        at(time.now + .seconds(10)) { [self] in for machine in machines { relieve(machine.number) } }
    }

    /// What an operator does once a trouble is over: takes orders back, and has latched logins tried.
    private func relieve(_ machine: Int) {
        guard let daemon = daemons[machine] else { return }
        Task { [self] in
            for status in await daemon.broker.statuses() where status.inputs.isEmpty {
                guard let keeper = try? await daemon.broker.keeper(status.name, perRequest: [:]) else { continue }
                if status.state == .paused || status.state == .revoked { _ = await keeper.resume() }
                models[machine].release(status.name, withPause: status.state == .latched)
                if status.state == .latched { Task { _ = try? await keeper.refresh(asAdmin: true, wait: .zero) } }
            }
        }
    }
}
