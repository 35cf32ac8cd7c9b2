"""Loads, and the comparison of two servers under the same one."""
import json, re, statistics, subprocess

from servers import KEY, LIMITED_KEY, OUT, PATH, ask, cpu, folder

LOAD = f"{OUT}/load"
SCRIPT = """done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(99), e.connect + e.read + e.write + e.timeout + e.status))
end
"""

PYTHON_REQUESTS = ["User-Agent: python-requests/2.34.2", "Accept-Encoding: gzip, deflate", "Accept: */*", "Connection: keep-alive"]
NODE = ["connection: keep-alive", "accept: */*", "accept-language: *", "sec-fetch-mode: cors", "user-agent: node", "accept-encoding: gzip, deflate"]
GO = ["User-Agent: Go-http-client/1.1", "Accept-Encoding: gzip"]
JAVA_8 = ["User-Agent: Java/17.0.15", "Accept: text/html, image/gif, image/jpeg, */*; q=0.2", "Connection: keep-alive"]
JAVA_11 = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
           "User-Agent: Java-http-client/17.0.15"]
CURL = ["User-Agent: curl/7.88.1", "Accept: */*"]
TENANTS = [f"/v1/tokens/tenants?tenant_id=t{number}" for number in range(16)]
SIX = [f"/v1/tokens/{name}" for name in ("zipteams", "zetasafe", "zapper", "zapper-jo", "sparrowsms", "pulsecrm")]


def shape(*targets, fields=(), key=KEY, method="GET", status=200):
    """The arguments of the load generator for a shape of request; TAG in a field is the token's tag."""
    return [*(["-t", key] if key else []), "-m", method, "-o", str(status), *(part for field in fields for part in ("-H", field)),
            *(part for target in targets for part in ("-r", target))]


# What clients send. The first is what the others are compared with.
SHAPES = {
    "plain": shape(PATH),
    "python-requests": shape(PATH, fields=PYTHON_REQUESTS),
    "Node fetch": shape(PATH, fields=NODE),
    "Go net/http": shape(PATH, fields=GO),
    "Java HttpURLConnection": shape(PATH, fields=JAVA_8),
    "Java HttpClient": shape(PATH, fields=JAVA_11),
    "curl": shape(PATH, fields=CURL),
    "`?min_valid=60`": shape(PATH + "?min_valid=60"),
    "`?wait=5`, token in hand": shape(PATH + "?wait=5"),
    "`/headers`": shape(PATH + "/headers"),
    "`text/plain`": shape(PATH, fields=["Accept: text/plain"]),
    "304": shape(PATH, fields=["If-None-Match: TAG"], status=304),
    "HEAD": shape(PATH, method="HEAD"),
    "by uid, without a key": shape(PATH, key=None),
    "a client with a rate limit": shape(PATH, key=LIMITED_KEY),
    "a per-request token": shape(TENANTS[0]),
    "16 per-request tokens in turn": shape(*TENANTS),
    "six tokens in turn": shape(*SIX),
}


def prepare():
    with open(f"{folder}/wrk.lua", "w") as file: file.write(SCRIPT)


def load(server, scenario, connections, seconds, arguments=None):
    before = cpu(server)
    if scenario == "kept":
        command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "-s", f"{folder}/wrk.lua", "-H", f"Authorization: Bearer {KEY}",
                   f"http://127.0.0.1:{server.port}{PATH}"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30).stdout
        if not (result := re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", said)): raise SystemExit(f"bench: wrk failed: {said}")
        requests, micros, p99, failures = map(int, result.groups())
        took = micros / 1e6
    else:
        where = ["-u", server.unix] if "unix" in scenario else ["-p", str(server.port)]
        extra = {"close": ["-x"], "unix close": ["-x"], "pipelined": ["-d", "16"], "paced": ["-q", "20000"]}.get(scenario, [])
        said = subprocess.run([LOAD, "-c", str(connections), "-s", str(seconds), *where, *extra, *(arguments or SHAPES["plain"])],
                              capture_output=True, text=True, timeout=seconds + 30)
        if said.returncode: raise SystemExit(f"bench: the load generator failed: {said.stderr}")
        result = json.loads(said.stdout)
        requests, took, p99, failures = result["requests"], result["seconds"], result["p99"], result["failures"]
    return {"rate": requests / took, "p99": p99, "cpu": (cpu(server) - before) / max(1, requests), "failures": failures}


def row(runs):
    """The medians of pairs of runs: ours, and what it is compared with. `noise` is half the spread of the ratios."""
    ratios = lambda key: [mine[key] / other[key] for mine, other in runs]
    median = lambda key: statistics.median(mine[key] for mine, _ in runs)
    result = {"rate": median("rate"), "p99_us": median("p99"), "cpu_us": median("cpu") * 1e6, "failures": sum(mine["failures"] for mine, _ in runs)}
    for key in ("rate", "cpu", "p99"):
        result[f"{key}_ratio"] = statistics.median(ratios(key))
        result[f"{key}_noise"] = (max(ratios(key)) - min(ratios(key))) / 2
    return result


def interleaved(runs, mine, other):
    """Pairs of figures, the order changing with each pair."""
    pairs = []
    for number in range(runs):
        first = mine() if number % 2 == 0 else None
        second = other()
        pairs.append((first or mine(), second))
    return pairs


def compare(ours, theirs, scenario, connections, options):
    return row(interleaved(options.runs, lambda: load(ours, scenario, connections, options.seconds),
                           lambda: load(theirs, scenario, connections, options.seconds)))


def shapes(daemon, options):
    """Every shape beside the plain request, at 16 connections."""
    for target in TENANTS: ask(daemon.port, target)
    tag = dict(ask(daemon.port)[1])["ETag"]
    rows = {}
    for name, arguments in list(SHAPES.items())[1:]:
        own = [argument.replace("TAG", tag) for argument in arguments]
        rows[name] = row(interleaved(options.runs, lambda: load(daemon, "shape", 16, options.seconds, own),
                                     lambda: load(daemon, "shape", 16, options.seconds)))
    return rows
