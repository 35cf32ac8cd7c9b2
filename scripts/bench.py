"""Run by scripts/bench once everything is built: the scenarios, the other figures, the table."""
import argparse, contextlib, datetime, http.client, json, os, re, shutil, signal, socket, statistics, subprocess, tempfile, time

options = argparse.ArgumentParser(prog="bench")
options.add_argument("--seconds", type=float, default=3)
options.add_argument("--runs", type=int, default=3)
options.add_argument("--readme", action="store_true")
options = options.parse_args()
BIN, LOAD, OUT, KEY, PATH = ".build-static/release", ".build/bench/load", ".build/bench", "demo", "/v1/tokens/zipteams"
folder = tempfile.mkdtemp(prefix="bench.")
processes = []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def launch(arguments, log):
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=open(log, "w"), stderr=subprocess.STDOUT)
    processes.append(process)
    return process


def end(process):
    process.terminate()
    try: process.wait(10)
    except subprocess.TimeoutExpired: process.kill(); process.wait()
    if process in processes: processes.remove(process)


def ask(port, path=PATH, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers={"Authorization": f"Bearer {KEY}"})
    answer = connection.getresponse()
    return answer.status, answer.getheaders(), answer.read()


def until_answer(port, path=PATH, limit=60):
    start = time.monotonic()
    while time.monotonic() - start < limit:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(port, path)[0] == 200: return
        time.sleep(0.0003)
    raise SystemExit(f"bench: port {port} gave no 200 for {path} within {limit} s")


class Sandbox:
    def __init__(self):
        self.port = free_port()
        # Partners run on other machines: the sandbox must not take CPU time from what is measured.
        launch(["nice", "-n", "19", f"{BIN}/partner-sandbox", "--port", str(self.port)], f"{folder}/sandbox.log")
        until_answer_any(self.port)

    def control(self, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("POST", f"/_sandbox/{path}", json.dumps(body))
        assert connection.getresponse().status < 300


def until_answer_any(port):
    for _ in range(4000):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.005)


class Daemon:
    name = "tokenbroker"

    def __init__(self, sandbox, audit=False, tokens=0):
        self.port, self.unix = free_port(), f"{folder}/api-{time.monotonic_ns()}.sock"
        text = open("config/config.yaml").read().replace("127.0.0.1:8700", f"127.0.0.1:{sandbox.port}")
        text = text.replace("  - tcp: 127.0.0.1:8653", f"  - tcp: 127.0.0.1:{self.port}\n  - unix: {self.unix}")
        entry = "  t{}: {{provider: pulsecrm, required: true, expires: [{{after: 12h}}], inputs: {{base_url: \"http://127.0.0.1:{}/pulsecrm\", " \
            "api_key: {{value: sandbox-api-key}}, api_secret: {{value: sandbox-api-secret}}}}}}\n"
        text = text.rstrip("\n") + "\n" + "".join(entry.format(number, sandbox.port) for number in range(tokens))
        text += f"audit: {'true' if audit else 'false'}\nlogins: {{parallel: 64, per_host: 64}}\nready_within: 10m\n"
        config = self.config = f"{folder}/config-{self.port}.yaml"
        open(config, "w").write(text)
        os.chmod(config, 0o600)
        start = time.monotonic()
        self.process = launch([f"{BIN}/tokenbroker", "serve", "--config", config, "--log-level", "error"], f"{folder}/daemon-{self.port}.log")
        if tokens:
            until_answer(self.port, "/livez")
            start = time.monotonic()
        until_answer(self.port)
        self.first_answer = time.monotonic() - start
        until_answer(self.port, "/readyz", limit=120)
        self.ready = time.monotonic() - start


class Nginx:
    name = "nginx"

    def __init__(self, like):
        status, headers, body = ask(like.port)
        assert status == 200
        self.port, self.unix = free_port(), f"{folder}/nginx.sock"
        own = {"date", "content-length", "content-type", "connection", "server"}
        quoted = lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        added = "".join(f"add_header {name} {quoted(value)};\n" for name, value in headers if name.lower() not in own)
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        open(f"{folder}/nginx.conf", "w").write(f"""
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; server_tokens off; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 3600; default_type application/json;
{temporary}
server {{ listen 127.0.0.1:{self.port} backlog=1024; listen unix:{self.unix}; location / {{ {added} return 200 {quoted(body.decode())}; }} }} }}""")
        self.process = launch(["nginx", "-c", f"{folder}/nginx.conf"], f"{folder}/nginx.out")
        until_answer(self.port)


def children(pid):
    with contextlib.suppress(OSError):
        return [int(child) for task in os.listdir(f"/proc/{pid}/task") for child in open(f"/proc/{pid}/task/{task}/children").read().split()]
    return []


def cpu(server):
    """CPU seconds of all threads of the process and its workers (schedstat, nanoseconds)."""
    total = 0
    for pid in [server.process.pid, *children(server.process.pid)]:
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError): total += int(open(f"/proc/{pid}/task/{task}/schedstat").read().split()[0])
    return total / 1e9


def switches(server):
    """Voluntary context switches per thread: every wake-up is one."""
    counts = {}
    for task in os.listdir(f"/proc/{server.process.pid}/task"):
        with contextlib.suppress(OSError):
            counts[task] = int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", open(f"/proc/{server.process.pid}/task/{task}/status").read(), re.M)[1])
    return counts


def resident(server):
    return int(re.search(r"Rss: +(\d+)", open(f"/proc/{server.process.pid}/smaps_rollup").read())[1]) / 1024


SCRIPT = """done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(99), e.connect + e.read + e.write + e.timeout + e.status))
end
"""


def load(server, scenario, connections, seconds):
    before = cpu(server)
    if scenario == "kept":
        command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{max(1, int(seconds))}s", "-s", f"{folder}/wrk.lua", "-H", f"Authorization: Bearer {KEY}",
                   f"http://127.0.0.1:{server.port}{PATH}"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30).stdout
        requests, micros, p99, failures = map(int, re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", said).groups())
        took = micros / 1e6
    else:
        where = ["-u", server.unix] if scenario == "unix" else ["-p", str(server.port)]
        extra = {"close": ["-x"], "pipelined": ["-d", "16"], "unix": []}[scenario]
        said = subprocess.run([LOAD, "-c", str(connections), "-s", str(seconds), "-t", KEY, "-r", PATH, *where, *extra], capture_output=True, text=True, timeout=seconds + 30)
        result = json.loads(said.stdout)
        requests, took, p99, failures = result["requests"], result["seconds"], result["p99"], result["failures"]
    return {"rate": requests / took, "p99": p99, "cpu": (cpu(server) - before) / max(1, requests), "failures": failures}


def compare(ours, theirs, scenario, connections):
    """Medians of the ratios of interleaved runs."""
    runs = []
    for number in range(options.runs):
        pair = [ours, theirs] if number % 2 == 0 else [theirs, ours]
        measured = {server.name: load(server, scenario, connections, options.seconds) for server in pair}
        runs.append((measured[ours.name], measured[theirs.name]))
    ratio = lambda key: statistics.median(mine[key] / other[key] for mine, other in runs)
    return {"scenario": scenario, "connections": connections, "rate": statistics.median(mine["rate"] for mine, _ in runs), "rate_ratio": ratio("rate"),
            "cpu_ratio": ratio("cpu"), "p99_us": statistics.median(mine["p99"] for mine, _ in runs), "p99_ratio": ratio("p99"),
            "failures": sum(mine["failures"] for mine, _ in runs)}


def logins(daemon):
    return sum(map(int, re.findall(r'tokenbroker_logins_total\{token="t\d+",outcome="success"\} (\d+)', ask(daemon.port, "/metrics")[2].decode())))


def say(text): print(f"bench: {text}", flush=True)


def idle_figures(daemon):
    time.sleep(2)
    quiet = resident(daemon)
    before = switches(daemon)
    time.sleep(10)
    wakeups = sum(count - before.get(task, 0) for task, count in switches(daemon).items()) / 10
    held = []
    for _ in range(1000):
        connection = socket.create_connection(("127.0.0.1", daemon.port))
        connection.sendall(f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        held.append(connection)
    crowded = resident(daemon)
    for connection in held: connection.close()
    return {"rss_mb": quiet, "rss_1000_mb": crowded, "wakeups": wakeups}


def many_figures(sandbox, few):
    """10,000 tokens: the time of their logins against a partner that takes 50 ms, their cost, and a storm of refreshes."""
    sandbox.control("faults/pulsecrm", {"kind": "slow", "delay_ms": 50})
    many = Daemon(sandbox, tokens=10_000)
    time.sleep(2)
    figures = {"logins_s": many.ready, "rss_10000_mb": resident(many)}
    ratios = []
    for _ in range(options.runs):
        mine, other = load(many, "kept", 64, options.seconds), load(few, "kept", 64, options.seconds)
        ratios.append(mine["rate"] / other["rate"])
    figures["rate_10000_ratio"] = statistics.median(ratios)
    quiet = statistics.median(load(many, "kept", 16, options.seconds)["p99"] for _ in range(options.runs))
    # A changed timeout changes the login: each token logs in again while its old token is served.
    text = open(many.config).read()
    stormy = []
    for number in range(options.runs):
        open(many.config, "w").write(text.replace("expires: [{after: 12h}],", f"expires: [{{after: 12h}}], timeout: {9 - number}s,"))
        before = logins(many)
        many.process.send_signal(signal.SIGHUP)
        while logins(many) == before: time.sleep(0.01)
        stormy.append(load(many, "kept", 16, min(options.seconds, 4))["p99"])
        figures["storm_logins"] = logins(many) - before
        while logins(many) < before + 10_000: time.sleep(0.1)
    figures |= {"quiet_p99_us": quiet, "storm_p99_us": statistics.median(stormy)}
    end(many.process)
    return figures


def table(rows, others):
    machine = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    lines = [f"Measured on {datetime.date.today()}, {os.cpu_count()} cores ({machine[1] if machine else 'unknown'}), Linux {os.uname().release}; client, daemon and nginx",
             f"(one worker, the same bytes, no checks) on the same cores; medians of {options.runs} interleaved runs of {options.seconds:g} s. Ratios to nginx.", "",
             "| | requests a second | × nginx | CPU a request × nginx | p99 | × nginx | failures |", "|---|---|---|---|---|---|---|"]
    names = {"kept": "kept alive", "close": "a connection each", "pipelined": "pipelined 16 deep", "unix": "unix socket", "audit": "kept alive, audit on"}
    for row in rows:
        lines.append(f"| {names[row['scenario']]}, {row['connections']} connections | {row['rate']:,.0f} | {row['rate_ratio']:.2f} | {row['cpu_ratio']:.2f} "
                     f"| {row['p99_us']:,.0f} µs | {row['p99_ratio']:.2f} | {row['failures']} |")
    lines += ["", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in others]
    return "\n".join(lines) + "\n"


def main():
    open(f"{folder}/wrk.lua", "w").write(SCRIPT)
    sandbox = Sandbox()
    starts = []
    for _ in range(5):
        daemon = Daemon(sandbox)
        starts.append((daemon.first_answer, daemon.ready))
        end(daemon.process)
    daemon = Daemon(sandbox)
    nginx = Nginx(daemon)
    say("idle")
    idle = idle_figures(daemon)
    for server in (daemon, nginx): load(server, "kept", 16, 1)
    rows = []
    scenarios = [("kept", count) for count in (1, 16, 64, 256, 1000)] + [("close", 16), ("pipelined", 16), ("unix", 16)]
    for scenario, connections in scenarios:
        rows.append(compare(daemon, nginx, scenario, connections))
        say(f"{scenario} {connections}: {rows[-1]['rate_ratio']:.2f} × nginx, CPU {rows[-1]['cpu_ratio']:.2f}, p99 {rows[-1]['p99_ratio']:.2f}")
    audited = Daemon(sandbox, audit=True)
    rows.append(compare(audited, nginx, "kept", 64) | {"scenario": "audit"})
    end(audited.process)
    say("10,000 tokens")
    many = many_figures(sandbox, daemon)
    ideal = 10_000 * 0.05 / 64
    others = [
        ("start to first answer · to ready, logins included (6 tokens)", f"{statistics.median(s[0] for s in starts) * 1000:.0f} · {statistics.median(s[1] for s in starts) * 1000:.0f} ms"),
        ("resident idle · with 1000 connections · with 10,000 tokens", f"{idle['rss_mb']:.1f} · {idle['rss_1000_mb']:.1f} · {many['rss_10000_mb']:.1f} MB"),
        ("wake-ups while idle", f"{idle['wakeups']:.1f} a second"),
        ("10,000 logins against a partner that takes 50 ms, 64 at a time", f"{many['logins_s']:.1f} s ({many['logins_s'] / ideal:.2f} × the least possible)"),
        ("requests a second with 10,000 tokens", f"{many['rate_10000_ratio']:.2f} × those with 6"),
        ("p99 while 10,000 tokens log in again", f"{many['storm_p99_us']:,.0f} µs ({many['storm_p99_us'] / many['quiet_p99_us']:.2f} × the quiet {many['quiet_p99_us']:,.0f} µs; {many['storm_logins']:,} logins meanwhile)"),
    ]
    text = table(rows, others)
    open(f"{OUT}/bench.md", "w").write(text)
    json.dump({"scenarios": rows, "idle": idle, "starts": starts, "many": many}, open(f"{OUT}/bench.json", "w"), indent=1)
    print(text)
    if options.readme:
        readme = open("README.md").read()
        open("README.md", "w").write(re.sub(r"(<!-- bench -->\n).*?(<!-- /bench -->)", lambda found: found[1] + text + found[2], readme, flags=re.S))


try:
    main()
finally:
    for process in list(processes): end(process)
    shutil.rmtree(folder, ignore_errors=True)
