"""A real server and a broker side by side on loopback, and the checks that every server must pass."""

import fcntl
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("PEERS_CACHE", ROOT / ".build/peers"))
BROKER = os.environ.get("TOKENBROKER", str(ROOT / ".build/debug/tokenbroker"))


class Response:
    """An answer to one request."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def request(method, url, headers=None, *, form=None, body=None, timeout=5):
    """Send one request on a connection of its own; form is sent form-encoded, body as JSON."""
    parts = urllib.parse.urlsplit(url)
    headers = dict(headers or {})
    data = None
    if form is not None:
        data, headers["Content-Type"] = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
    elif body is not None:
        data, headers["Content-Type"] = json.dumps(body), "application/json"
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), data, headers)
        answer = connection.getresponse()
        return Response(answer.status, answer.headers, answer.read().decode())
    finally:
        connection.close()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, condition, seconds, pause=0.1):
    """The first true value of the condition, or an error that says what did not come about."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(pause)


def run(*command, timeout=600, **options):
    """Run a command to its end and return its output; its output is in the error if it fails."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=timeout, **options)
    if done.returncode:
        raise AssertionError(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


def virtual_environment(name, *packages):
    """The Python of a virtual environment that has these packages, made at the first use."""
    folder = CACHE / name
    stamp = folder / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two tests share one
        if not stamp.exists() or stamp.read_text() != "\n".join(packages):
            run(sys.executable, "-m", "venv", folder)
            run(folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", *packages)
            stamp.write_text("\n".join(packages))
    return folder / "bin/python"


def is_installed(package):
    known = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", package], capture_output=True, text=True)
    return known.stdout == "install ok installed"


def debian_packages(*names):
    """Says what is missing; only scripts/setup installs packages."""
    missing = [name for name in names if not is_installed(name)]
    assert not missing, f"missing packages: {' '.join(missing)}; scripts/setup peers installs them"


def key_pair(path, algorithm, *options):
    """A private and a public key in PEM, made by openssl; path is where the private one is kept."""
    run("openssl", "genpkey", "-quiet", "-algorithm", algorithm, *(f"-pkeyopt={option}" for option in options), "-out", path)
    return path.read_text(), run("openssl", "pkey", "-in", path, "-pubout")


class Process:
    """A child process whose output is appended to a file."""

    def __init__(self, command, log, **options):
        self.command, self.log, self.options = [str(part) for part in command], Path(log), options
        self.child = None

    def start(self):
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.options)

    def kill(self):
        self.child.kill()
        self.child.wait(10)

    def stop(self):
        if self.child is None or self.child.poll() is not None:
            return
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def count(self, pattern):
        """How many lines of its output match."""
        return len(re.findall(pattern, self.log.read_text(errors="replace"), re.MULTILINE))


class Server(Process):
    """The server under test, ready as soon as it answers at one path."""

    def __init__(self, command, log, url, ready="/", patience=60, **options):
        super().__init__(command, log, **options)
        self.url, self.ready, self.patience = url, ready, patience

    def start(self):
        super().start()
        wait_for(f"an answer of {self.url}{self.ready}", self.answers, self.patience)

    def answers(self):
        assert self.child.poll() is None, f"{self.command[0]} ended with {self.child.returncode}"
        try:
            return request("GET", self.url + self.ready).status < 500
        except (OSError, http.client.HTTPException):
            return False


class Broker(Process):
    """The broker with a configuration of its own; JSON is YAML too."""

    def __init__(self, folder, provider, tokens):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.socket = f"unix:{folder}/api.sock"
        self.configuration = configuration = folder / "config.yaml"
        configuration.write_text(json.dumps({
            "listen": [{"tcp": self.url.removeprefix("http://")}, {"unix": self.socket.removeprefix("unix:")}],
            "store": {"sqlite": str(folder / "tokens.db")},
            "ready_when": "listening",
            "audit": False,
            "tokens": tokens,
            "providers": provider if isinstance(provider, list) else [provider] if provider else [],
        }, indent=2))
        run(BROKER, "check", "--config", configuration, *(["--user", "root"] if os.geteuid() == 0 else []))
        super().__init__([BROKER, "serve", "--config", configuration], folder / "broker.log")

    def start(self):
        super().start()
        wait_for("the broker answers", self.answers, 10, 0.02)

    def answers(self):
        try:
            return self.get("/livez").status == 200
        except OSError:
            return False

    def get(self, path):
        return request("GET", self.url + path, timeout=35)

    def token(self, name):
        """The token that is served now, or None."""
        answer = self.get(f"/v1/tokens/{name}?wait=0")
        return answer.json if answer.status == 200 else None

    def status(self, name):
        return self.get(f"/v1/tokens/{name}/status").json

    def history(self, name):
        """Past logins, newest first; only an operator may read them, at the unix socket."""
        return json.loads(run(BROKER, "history", name, "--json", env=dict(os.environ, TOKENBROKER_URL=self.socket)))["logins"]

    def check_login(self, name):
        """What `tokenbroker check --login` says about an entry."""
        command = [BROKER, "check", "--config", self.configuration, "--login", name, *(["--user", "root"] if os.geteuid() == 0 else [])]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60).stdout

    def log_in(self, name, visit, *options):
        """Run `tokenbroker login`, with visit as the person who reads what it prints; its exit status and what it printed."""
        process = Process([BROKER, "login", "--config", self.configuration, name, *options], self.log.with_name(f"login-{name}.log"),
                          env=dict(os.environ, TOKENBROKER_URL=self.socket))
        process.log.unlink(missing_ok=True)
        process.start()
        try:
            wait_for("the address to open", lambda: "Waiting" in process.log.read_text() or process.child.poll() is not None, 20)
            if process.child.poll() is None:
                visit(process.log.read_text())
            process.child.wait(60)
        finally:
            process.stop()
        return process.child.returncode, process.log.read_text()

    def reject(self, name, fingerprint, status=401):
        """Report that the server refused a token; the broker's answer to that."""
        answer = request("POST", f"{self.url}/v1/tokens/{name}/rejections", body={"fingerprint": fingerprint, "status": status})
        assert answer.status == 200, f"the report was answered by {answer.status} {answer.body}"
        return answer.json["action"]

    def next_token(self, name, old, seconds):
        """The first token served that is another than the old one."""
        def other():
            new = self.token(name)
            return new if new and new["fingerprint"] != old["fingerprint"] else None
        return wait_for(f"another token of {name}", other, seconds)


class Poller(threading.Thread):
    """Asks for a token every 100 ms and keeps the longest time without one."""

    def __init__(self, broker, name):
        super().__init__(daemon=True)
        self.broker, self.name, self.ended = broker, name, threading.Event()
        self.asked, self.gap, self.missing_since = 0, 0.0, None

    def run(self):
        while not self.ended.wait(0.1):
            self.note(self.is_served())

    def is_served(self):
        try:
            return self.broker.token(self.name) is not None
        except (OSError, http.client.HTTPException):
            return False

    def note(self, served):
        now = time.monotonic()
        self.asked += 1
        if self.missing_since is not None:
            self.gap = max(self.gap, now - self.missing_since)
        self.missing_since = None if served else self.missing_since or now

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join(40)


def oauth2_providers(path, verify, rejected=(), **parameters):
    """Definitions `machine` (client credentials) and `person` (password, then refresh tokens), the client's secret in the body."""
    inputs = {"base_url": {"kind": "url"}, "client_id": {}, "client_secret": {"secret": True}}
    token = {"from": {"json": "/access_token"}, "expires": [{"json": "/expires_in", "unit": "seconds"}]}
    common = {"use": {"headers": {"Authorization": "Bearer {token}"}}, "verify": verify, "errors": {"rejected": list(rejected)}}

    def grant(kind, **form):
        client = {"client_id": "{client_id}", "client_secret": "{client_secret}"}
        return {"method": "POST", "url": "{base_url}" + path, "form": {"grant_type": kind, **form, **client}}
    return [
        {"provider": "machine", "inputs": inputs, "login": [grant("client_credentials", **parameters)], "token": token, **common},
        {"provider": "person", "inputs": {**inputs, "username": {}, "password": {"secret": True}},
         "login": [grant("password", username="{username}", password="{password}", **parameters)],
         "token": {**token, "refresh_token": {"json": "/refresh_token"}},
         "refresh_request": grant("refresh_token", refresh_token="{refresh_token}"), **common},
    ]


class Run:
    """The checks of one run: a line for each, and every child ended afterwards."""

    def __init__(self, folder):
        self.folder, self.processes, self.failures = folder, [], 0

    def started(self, process):
        self.processes.append(process)
        process.start()
        return process

    def check(self, what, holds, figures=""):
        print(f"{'ok ' if holds else 'not ok'}  {what}  {figures}".rstrip(), flush=True)
        self.failures += not holds

    def exercise(self, server, broker, accepts, *, life, revoke, rotated=None, refusal=401, others=()):
        """All that the entry `main` must do, and after that the entry `wrong`, whose secret is wrong from the start.

        accepts says whether the server takes a token, revoke ends one at the server, rotated is the server's count of refreshes,
        refusal the status of a token that is not taken, others are entries that only log in."""
        begun = time.monotonic()
        for name in ("main", *others):
            self.logs_in(broker, name, accepts)
        self.renews(broker, accepts, life, rotated)
        self.survives_a_restart(server, broker, accepts, life)
        self.heals(broker, accepts, revoke, refusal, life)
        self.is_latched(broker, "wrong", 80 - (time.monotonic() - begun))

    def logs_in(self, broker, name, accepts):
        begun = time.monotonic()
        token = wait_for(f"the first token of {name}", lambda: broker.token(name), 15)
        self.check(f"log in: {name} is served, and the server takes it", accepts(token),
                   f"after {time.monotonic() - begun:.1f} s, {token['expires_in']} s left")
        forged = {**token, "headers": {key: value[:-6] + "abcdef" for key, value in token["headers"].items()}}
        self.check("log in: the server refuses a forged token", not accepts(forged))

    def renews(self, broker, accepts, life, rotated):
        """Two renewals, without a moment without a token; if refresh tokens rotate, each is a refresh and none a login."""
        token, before, refreshes = broker.token("main"), len(broker.history("main")), rotated and rotated()
        with Poller(broker, "main") as poller:
            for _ in range(2 if rotated else 1):
                token = broker.next_token("main", token, life)
        self.check("renew: another token in time, and the server takes it", accepts(token) and poller.gap == 0,
                   f"{poller.asked} requests, {poller.gap:.1f} s without a token, {token['expires_in']} s left")
        if rotated:
            refreshes, logins = rotated() - refreshes, broker.history("main")
            self.check("rotate: each renewal used the refresh token that the one before brought",
                       refreshes == 2 == len(logins) - before and all(login["outcome"] == "success" for login in logins),
                       f"{refreshes} refreshes at the server, {len(logins) - before} renewals in the history")

    def survives_a_restart(self, server, broker, accepts, life):
        """The server is away from just before the renewal until after the token's end."""
        token = broker.token("main")
        time.sleep(max(0, token["expires_in"] - life / 3 - life / 30 - 1))
        with Poller(broker, "main") as poller:
            server.kill()
            down = time.monotonic()
            time.sleep(7)
            server.start()
            up = time.monotonic()
            token = broker.next_token("main", token, life + 10)
            back = time.monotonic() - up
        self.check("restart: the gap is no longer than the outage, and the next token is taken",
                   poller.gap <= up - down + 2 and back < 5 and accepts(token),
                   f"down {up - down:.1f} s, {poller.gap:.1f} s without a token, the next {back:.1f} s after the restart")

    def heals(self, broker, accepts, revoke, refusal, life):
        token = broker.token("main")
        action = broker.reject("main", token["fingerprint"], refusal)
        self.check("report: ignored while the server takes the token", action == "ignored", action)
        time.sleep(1.1)  # the broker asks the server once a second at most
        assert revoke(token).status < 300, "the server did not revoke the token"
        self.check("revoke: the server refuses a revoked token", not accepts(token))
        reported = time.monotonic()
        action = broker.reject("main", token["fingerprint"], refusal)
        healed = broker.next_token("main", token, life)
        took = time.monotonic() - reported
        self.check("report: another token at once, and the server takes it",
                   action == "refreshing" and accepts(healed) and took < 5, f"{action}, {took:.1f} s")

    def is_refused(self, broker, name, failure_class="rejected"):
        """An entry that this server does not let in, and why."""
        failure = wait_for(f"a failure of {name}", lambda: broker.status(name).get("last_failure"), 15)
        self.check(f"refused: {name}", broker.token(name) is None and failure["class"] == failure_class,
                   f"{failure['class']}: {failure['reason']}")

    def is_latched(self, broker, name, seconds):
        """An entry with a wrong secret is never served and is latched as rejected."""
        wait_for(f"the entry {name} is latched", lambda: broker.status(name)["state"] == "latched", seconds, 0.5)
        failure = broker.status(name)["last_failure"]
        self.check(f"wrong secret: {name} is latched", broker.token(name) is None and failure["class"] == "rejected",
                   f"{len(broker.history(name))} attempts; {failure['class']}: {failure['reason']}")


def main(test):
    """Run a test in a temporary folder and leave with 0 or 1, with no child behind."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit("interrupted"))
    with tempfile.TemporaryDirectory(prefix="peer.") as folder:
        current = Run(Path(folder))
        try:
            test(current)
        except Exception:
            current.check("the run", False, traceback.format_exc())
        finally:
            for process in reversed(current.processes):
                process.stop()
            if current.failures:
                for process in current.processes:
                    print(f"--- {process.log.name}\n" + "\n".join(process.log.read_text(errors="replace").splitlines()[-60:]))
    sys.exit(1 if current.failures else 0)
