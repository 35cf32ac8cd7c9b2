"""The servers that are measured, their partner, and what the kernel counts about them."""
import contextlib, http.client, hashlib, json, os, pwd, re, signal, socket, subprocess, tempfile, time

BIN, OUT, KEY, LIMITED_KEY = ".build-static/release", ".build/bench", "demo", "limited"
PATH = "/v1/tokens/zipteams"
folder = tempfile.mkdtemp(prefix="bench.")
processes = []


def say(text): print(f"bench: {text}", flush=True)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def launch(arguments, log, **options):
    process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=open(log, "w"), stderr=subprocess.STDOUT, **options)
    processes.append(process)
    return process


def end(process):
    process.terminate()
    try: process.wait(20)
    except subprocess.TimeoutExpired: process.kill(); process.wait()
    if process in processes: processes.remove(process)


def ask(port, path=PATH, method="GET"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers={"Authorization": f"Bearer {KEY}"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.getheaders(), body


def until_answer(port, path=PATH, limit=60):
    start = time.monotonic()
    while time.monotonic() - start < limit:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(port, path)[0] == 200: return
        time.sleep(0.0003)
    logs = "".join(open(f"{folder}/{name}").read()[-2000:] for name in os.listdir(folder) if name == f"daemon-{port}.log")
    raise SystemExit(f"bench: port {port} gave no 200 for {path} within {limit} s\n{logs}")


class Sandbox:
    """The partners. They run on other machines as a rule, so that they must not take CPU time from what is measured."""

    def __init__(self):
        self.port = free_port()
        launch(["nice", "-n", "19", f"{BIN}/partner-sandbox", "--port", str(self.port)], f"{folder}/sandbox.log")
        for _ in range(4000):
            with contextlib.suppress(OSError):
                return socket.create_connection(("127.0.0.1", self.port), 1).close()
            time.sleep(0.005)
        raise SystemExit(f"bench: the sandbox does not listen: {open(f'{folder}/sandbox.log').read()[-500:]}")

    def control(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, f"/_sandbox/{path}", json.dumps(body) if body else None)
        assert connection.getresponse().status < 300


CLIENTS = f"""  limited:
    key_sha256: {hashlib.sha256(LIMITED_KEY.encode()).hexdigest()}
    tokens: ["*"]
    limits: {{requests: 1000000/s}}
  bench-user:
    user: {pwd.getpwuid(os.geteuid()).pw_name}
    tokens: ["*"]

tokens:
  tenants:
    provider: zipteams
    per_request: {{tenant_id: {{pattern: "[a-z0-9-]{{1,64}}"}}}}
    limit: 100000
    idle_after: 7d
    inputs:
      base_url: "http://127.0.0.1:8700/zipteams"
      api_key: {{value: sandbox-api-key}}
      api_secret: {{value: sandbox-api-secret}}
      sub_tenant_id: sales
    limits: {{logins: 1000000/min}}
    expires: [{{after: 12h}}]
"""
ENTRY = "  t{}: {{provider: pulsecrm, required: true, expires: [{{after: 12h}}], inputs: {{base_url: \"http://127.0.0.1:{}/pulsecrm\", " \
    "api_key: {{value: sandbox-api-key}}, api_secret: {{value: sandbox-api-secret}}}}}}\n"


class Daemon:
    name = "tokenbroker"

    def __init__(self, sandbox, audit=False, tokens=0, store=None, clients=CLIENTS):
        self.port, self.unix = free_port(), f"{folder}/api-{time.monotonic_ns()}.sock"
        text = open("config/config.yaml").read().replace("\ntokens:\n", "\n" + clients if clients else "\ntokens:\n", 1)
        text = text.replace("127.0.0.1:8700", f"127.0.0.1:{sandbox.port}")
        text = text.replace("  - tcp: 127.0.0.1:8653", f"  - tcp: 127.0.0.1:{self.port}\n  - unix: {self.unix}")
        text = text.rstrip("\n") + "\n" + "".join(ENTRY.format(number, sandbox.port) for number in range(tokens))
        text += f"audit: {'true' if audit else 'false'}\nlogins: {{parallel: 64, per_host: 64}}\nready_within: 10m\n"
        if store: text += f"store: {{sqlite: {store}}}\n"
        self.config = f"{folder}/config-{self.port}.yaml"
        self.write(text)
        self.launch()

    def write(self, text):
        self.text = text
        with open(self.config, "w") as file: file.write(text)
        os.chmod(self.config, 0o600)

    def launch(self):
        """Starts it; `first_answer` and `ready` are seconds from there."""
        start = time.monotonic()
        self.process = launch([f"{BIN}/tokenbroker", "serve", "--config", self.config, "--log-level", "error"], f"{folder}/daemon-{self.port}.log")
        until_answer(self.port)
        self.first_answer = time.monotonic() - start
        until_answer(self.port, "/readyz", limit=200)
        self.ready = time.monotonic() - start

    def restart(self):
        end(self.process)
        self.launch()

    def reload(self): self.process.send_signal(signal.SIGHUP)

    def metric(self, pattern): return sum(float(value) for value in re.findall(pattern + r" ([0-9.e+]+)$", ask(self.port, "/metrics")[2].decode(), re.M))

    def logins(self): return int(self.metric(r'^tokenbroker_logins_total\{token="t\d+",outcome="success"\}'))


class Nginx:
    """nginx with one worker, which sends the same bytes without checking anything."""
    name = "nginx"

    def __init__(self, like):
        status, headers, body = ask(like.port)
        assert status == 200
        self.port, self.unix = free_port(), f"{folder}/nginx.sock"
        own = {"date", "content-length", "content-type", "connection", "server"}
        quoted = lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
        added = "".join(f"add_header {name} {quoted(value)};\n" for name, value in headers if name.lower() not in own)
        temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(f"{folder}/nginx.conf", "w") as file: file.write(f"""
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


def schedule(server):
    """By thread: seconds on a CPU, and seconds ready to run but waiting for one (schedstat)."""
    found = {}
    for pid in [server.process.pid, *children(server.process.pid)]:
        for task in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError, ValueError):
                ran, waited, _ = open(f"/proc/{pid}/task/{task}/schedstat").read().split()
                found[task] = (int(ran) / 1e9, int(waited) / 1e9)
    return found


def cpu(server): return sum(ran for ran, _ in schedule(server).values())


def switches(server):
    """Voluntary context switches by thread: every wake-up is one."""
    counts = {}
    for task in os.listdir(f"/proc/{server.process.pid}/task"):
        with contextlib.suppress(OSError):
            status = open(f"/proc/{server.process.pid}/task/{task}/status").read()
            counts[task] = int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.M)[1])
    return counts


def resident(server):
    return int(re.search(r"Rss: +(\d+)", open(f"/proc/{server.process.pid}/smaps_rollup").read())[1]) / 1024
