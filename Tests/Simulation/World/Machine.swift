import Secrets
import Synchronization
import TestSupport
import Time

/// A machine of a simulated world: its clocks, its disk and its secret files.
final class Machine: Sendable {
    private struct State {
        var wallOffset = Duration.zero
        /// How often the wall clock was stepped or the machine was suspended.
        var steps = 0
        var bootedAt = BootInstant(nanoseconds: 0)
        var boots = 0
        var suspendedUntil = BootInstant(nanoseconds: 0)
        var files: [String: String] = [:]
        var variant: UInt64 = 0
    }

    let number: Int
    let time: SimulatedTime
    let disk = Disk()
    let waiters = OffsetWaiters()
    private let state = Mutex(State())

    init(_ number: Int, _ time: SimulatedTime) {
        self.number = number
        self.time = time
    }

    var wall: WallTime { HostClocks(time: time, skew: .zero).wall + state.withLock { $0.wallOffset } }
    var bootedAt: BootInstant { state.withLock { $0.bootedAt } }
    var bootID: String { "machine-\(number)-boot-\(state.withLock { $0.boots })" }
    var clockSteps: Int { state.withLock { $0.steps } }
    var suspendedUntil: BootInstant { state.withLock { $0.suspendedUntil } }
    /// Which configuration its file holds.
    var variant: UInt64 {
        get { state.withLock { $0.variant } }
        set { state.withLock { $0.variant = newValue } }
    }

    func stepWall(by duration: Duration) {
        state.withLock { state in
            state.wallOffset += duration
            state.steps += 1
        }
        waiters.notify(wall - WallTime(nanoseconds: time.now.nanoseconds))
    }

    func suspend(for duration: Duration) { state.withLock { $0.suspendedUntil = max($0.suspendedUntil, time.now + duration) } }

    /// The boot-time clock begins again.
    func reboot() {
        state.withLock { state in
            state.boots += 1
            state.bootedAt = time.now
        }
    }

    subscript(file: String) -> String? {
        get { state.withLock { $0.files[file] } }
        set { state.withLock { $0.files[file] = newValue } }
    }
}

/// One process of the daemon: everything that it does to the world goes through this, so that it can die at any moment.
final class Life: Clocks {
    let machine: Machine
    private let isDead = Mutex(false)
    private let bootedAt: BootInstant
    /// How long a machine had run when a world begins, so that no instant is negative.
    private static let uptime = Duration.seconds(1000)

    init(_ machine: Machine) {
        self.machine = machine
        bootedAt = machine.bootedAt
    }

    var isOver: Bool { isDead.withLock { $0 } }

    func die() { isDead.withLock { $0 = true } }

    /// Goes on only in a living process of a machine that runs.
    private func goOn() async {
        while !isOver, machine.suspendedUntil > machine.time.now, !Task.isCancelled {
            try? await machine.time.sleep(until: machine.suspendedUntil)
        }
        if isOver { unsafe await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }
    }

    /// Lets time pass.
    func pass(_ duration: Duration) async {
        try? await machine.time.sleep(until: machine.time.now + duration)
        await goOn()
    }

    // MARK: Clocks

    var boot: BootInstant { own(machine.time.now) }
    var wall: WallTime { machine.wall }

    /// A moment of the world on this process's boot-time clock.
    func own(_ instant: BootInstant) -> BootInstant { BootInstant(nanoseconds: (instant - bootedAt + Self.uptime).nanoseconds) }
    /// A moment of this process's boot-time clock in the world.
    func world(_ instant: BootInstant) -> BootInstant {
        instant == .distantFuture ? instant : bootedAt + (instant - BootInstant(nanoseconds: 0)) - Self.uptime
    }

    func wallClockSet(from offset: Duration) async throws {
        // The offset of the machine does not know of its boots.
        let boots = Duration.nanoseconds(machine.time.now.nanoseconds - boot.nanoseconds)
        do {
            try await machine.waiters.wait(from: offset - boots) { self.offset - boots }
        } catch {
            await goOn()
            throw error
        }
        await goOn()
    }

    func sleep(until instant: BootInstant) async throws {
        do {
            try await machine.time.sleep(until: world(instant))
        } catch {
            await goOn()
            throw error
        }
        await goOn()
    }
}

/// The secret files of a machine.
struct MachineSecrets: SecretSource {
    let life: Life

    func readBytes(_ reference: SecretReference) async throws(SecretFault) -> [UInt8] { try await read(reference).exposedBytes }

    func read(_ reference: SecretReference) async throws(SecretFault) -> Secret {
        await life.pass(.milliseconds(1))
        guard case .file(let path, _) = reference, let text = life.machine[path] else {
            throw SecretFault(place: reference.place, problem: "cannot be opened: No such file or directory")
        }
        return Secret(text)
    }
}
