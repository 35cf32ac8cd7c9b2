"""Figures without a comparison with another server: starts, idle, many tokens, a storm of refreshes."""
import contextlib, http.client, os, re, socket, statistics, subprocess, threading, time

from loads import load
from servers import BIN, CLIENTS, KEY, PATH, Daemon, ask, cpu, end, folder, resident, schedule, switches


def starts(sandbox):
    """Seconds to the first answer and to ready: with logins, and with restored tokens."""
    fresh, restored = [], []
    for _ in range(5):
        daemon = Daemon(sandbox, clients="")
        fresh.append((daemon.first_answer, daemon.ready))
        end(daemon.process)
    daemon = Daemon(sandbox, clients="", store=f"{folder}/start.db")
    for _ in range(5):
        daemon.restart()
        restored.append((daemon.first_answer, daemon.ready))
    end(daemon.process)
    middle = lambda times, place: statistics.median(time[place] for time in times)
    return {"first_answer_s": middle(fresh, 0), "ready_s": middle(fresh, 1), "restored_first_answer_s": middle(restored, 0),
            "restored_ready_s": middle(restored, 1)}


def idle(daemon):
    time.sleep(2)
    quiet = resident(daemon)
    before = switches(daemon)
    time.sleep(20)
    each = [(count - before.get(task, 0)) / 20 for task, count in switches(daemon).items()]
    held = []
    for _ in range(1000):
        connection = socket.create_connection(("127.0.0.1", daemon.port))
        connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        held.append(connection)
    crowded = resident(daemon)
    for connection in held: connection.close()
    return {"rss_mb": quiet, "rss_1000_mb": crowded, "wakeups": sum(each), "wakeups_dispatch": max(each)}


class Prober(threading.Thread):
    """Asks every 2 ms on one connection and keeps the slowest answer."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.slowest, self.stops, self.failure = port, 0.0, False, None
        self.start()

    def run(self):
        try:
            self.ask()
        except (OSError, http.client.HTTPException, AssertionError) as error:
            self.failure = error

    def ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self.stops:
            start = time.monotonic()
            connection.request("GET", PATH, headers={"Authorization": f"Bearer {KEY}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            self.slowest = max(self.slowest, time.monotonic() - start)
            time.sleep(0.002)

    def finish(self):
        self.stops = True
        self.join()
        if self.failure: raise SystemExit(f"bench: an answer failed during a reload: {self.failure!r}")
        return self.slowest


def wait_until(fact, what, limit=120, every=0.5):
    end = time.monotonic() + limit
    while not fact():
        if time.monotonic() > end: raise SystemExit(f"bench: waited {limit} s in vain for {what}")
        time.sleep(every)


def loop_thread(daemon, seconds=1):
    """The thread that serves: the one that runs most under load."""
    before = schedule(daemon)
    load(daemon, "kept", 16, seconds)
    after = schedule(daemon)
    return max(after, key=lambda task: after[task][0] - before.get(task, (0, 0))[0])


def measured(daemon, thread, seconds, scenario):
    """p99 under 16 connections, and what the loop's own thread did meanwhile: time on a CPU, and time that it was kept waiting for one."""
    before, start = schedule(daemon), time.monotonic()
    figures = load(daemon, scenario, 16, seconds)
    after, took = schedule(daemon), time.monotonic() - start
    ran, waited = (after[thread][place] - before[thread][place] for place in (0, 1))
    others = sum(after[task][0] - before.get(task, (0, 0))[0] for task in after) - ran
    return {"p99": figures["p99"], "rate": figures["rate"], "loop_cpu": ran / took, "loop_kept_waiting": waited / took, "pool_cpu": others / took}


def storm(many, nginx, options, count):
    """Every token logs in again while 16 connections ask: a changed timeout changes the login, and the old token is served meanwhile.

    As fast as answers come, which takes both cores by itself; and 20,000 times a second, which leaves one for the logins. nginx is
    asked in the other half of each storm, where it lasts long enough: what its answers lose is the machine's share.
    """
    thread = loop_thread(many)
    median = lambda rows: {key: statistics.median(row[key] for row in rows) for key in rows[0]}
    figures, base = {}, many.text
    for place, scenario in enumerate(("kept", "paced")):
        found = figures[scenario] = {"quiet": median([measured(many, thread, options.seconds, scenario) for _ in range(options.runs)])}
        stormy, made, beside = [], [], []
        # No longer than the storm lasts: the partner takes 50 ms, 64 at a time.
        lasts = count * 0.05 / 64
        seconds = max(1, min(options.seconds, int(lasts)))
        nginx_too = lambda: beside.append(load(nginx, scenario, 16, seconds)["p99"]) if 2 * seconds <= lasts else None
        for number in range(options.runs):
            with one_storm(many, count, base, 12 + 2 * place + number % 2):
                if number % 2: nginx_too()
                began = many.logins()
                stormy.append(measured(many, thread, seconds, scenario))
                made.append(many.logins() - began)
                if number % 2 == 0: nginx_too()
        found |= {"storm": median(stormy), "logins_meanwhile": statistics.median(made)}
        if beside: found["nginx_p99"] = statistics.median(beside)
    many.write(base)
    return {"storms": figures}


@contextlib.contextmanager
def one_storm(many, count, base, timeout):
    """From the first login of all tokens to the last."""
    before = many.logins()
    tag = dict(ask(many.port, "/v1/tokens/t0")[1])["ETag"]
    many.write(base.replace("expires: [{after: 12h}], inputs", f"expires: [{{after: 12h}}], timeout: {timeout}s, inputs"))
    many.reload()
    wait_until(lambda: dict(ask(many.port, "/v1/tokens/t0")[1])["ETag"] != tag, "the first login of a storm", every=0.005)
    yield
    wait_until(lambda: many.logins() >= before + count, "the end of a storm")


def login_cost(many, count):
    """CPU seconds of a login, without callers."""
    before, began = many.logins(), cpu(many)
    many.write(many.text.replace("api_secret: {value: sandbox-api-secret}}}", "api_secret: {value: sandbox-api-secret}}, timeout: 29s}"))
    many.reload()
    # Each look costs the daemon some milliseconds.
    time.sleep(count * 0.05 / 64)
    wait_until(lambda: many.logins() >= before + count, "all logins")
    return (cpu(many) - began) / count


def reload_one(many, options):
    """Seconds until a reload with one changed token has taken hold, and the slowest answer meanwhile."""
    times, slowest = [], []
    base = many.text
    for number in range(options.runs):
        prober = Prober(many.port)
        time.sleep(0.2)
        required = "false" if number % 2 == 0 else "true"
        many.write(base.replace("  t7: {provider: pulsecrm, required: true", f"  t7: {{provider: pulsecrm, required: {required}", 1))
        start = time.monotonic()
        subprocess.run([f"{BIN}/tokenbroker", "reload"], env={**os.environ, "TOKENBROKER_URL": f"unix:{many.unix}"}, check=True, capture_output=True, timeout=60)
        times.append(time.monotonic() - start)
        time.sleep(0.3)
        slowest.append(prober.finish())
    many.write(base)
    return {"reload_s": statistics.median(times), "reload_slowest_answer_ms": statistics.median(slowest) * 1000}


def many_tokens(sandbox, few, nginx, options, count=10_000):
    """A configuration of many tokens: start, logins against a partner that takes 50 ms, cost, reload, storm."""
    sandbox.control("POST", "faults/pulsecrm", {"kind": "slow", "delay_ms": 50})
    many = Daemon(sandbox, tokens=count, store=f"{folder}/many-{count}.db")
    time.sleep(2)
    figures = {"logins_s": many.ready - many.first_answer, "first_answer_s": many.first_answer}
    many.restart()
    figures |= {"restored_first_answer_s": many.first_answer, "restored_ready_s": many.ready}
    time.sleep(3)
    figures["rss_mb"] = resident(many)
    ratios = [load(many, "kept", 64, options.seconds)["rate"] / load(few, "kept", 64, options.seconds)["rate"] for _ in range(options.runs)]
    figures["rate_ratio"] = statistics.median(ratios)
    figures |= reload_one(many, options)
    figures |= storm(many, nginx, options, count)
    figures["login_cpu_us"] = login_cost(many, count) * 1e6
    end(many.process)
    sandbox.control("DELETE", "faults/pulsecrm")
    return figures


def combinations(sandbox, count):
    """Resident memory with so many tokens of per-request inputs, the store on."""
    # One client has the whole limit: a share of it would be a third.
    alone = re.sub(r"(?s).*(?=\ntokens:\n)", "", CLIENTS)
    daemon = Daemon(sandbox, store=f"{folder}/combinations-{count}.db", clients=alone)
    before = resident(daemon)
    errors = []

    def make(start):
        try:
            make_all(start)
        except (OSError, http.client.HTTPException) as error:
            errors.append(error)

    def make_all(start):
        connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=60)
        for number in range(start, count, 48):
            connection.request("GET", f"/v1/tokens/tenants?tenant_id=c{number}&wait=30", headers={"Authorization": f"Bearer {KEY}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200: errors.append(answer.status)

    start = time.monotonic()
    threads = [threading.Thread(target=make, args=(number,)) for number in range(48)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    took = time.monotonic() - start
    time.sleep(3)
    figures = {"count": count, "rss_mb": resident(daemon), "each_kb": (resident(daemon) - before) * 1024 / count, "made_s": took, "errors": len(errors)}
    end(daemon.process)
    return figures
