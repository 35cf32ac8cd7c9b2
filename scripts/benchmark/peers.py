"""Other programs beside the daemon: servers one would write in Go and Node, oidc-agent, nginx."""
import json, os, shutil, statistics, subprocess, time

from loads import load
from servers import OUT, cpu, folder, free_port, launch, say, until_answer

HERE = os.path.join(os.path.dirname(__file__), "peers")


class Server:
    def __init__(self, name, command):
        self.name, self.port = name, free_port()
        self.process = launch([*command, str(self.port)], f"{folder}/peer-{self.port}.log")
        until_answer(self.port)


class OIDCAgent:
    """oidc-agent with one account of a provider that answers at once; its own library asks, with a connection for each request."""
    name = "oidc-agent"

    def __init__(self):
        port = free_port()
        launch(["python3", f"{HERE}/provider.py", str(port)], f"{folder}/provider.log")
        until_answer(port, "/")
        self.environment = {**os.environ, "HOME": folder, "OIDC_CONFIG_DIR": f"{folder}/oidc"}
        os.makedirs(f"{folder}/oidc", exist_ok=True)
        with open(f"{folder}/pw", "w") as file: file.write("pw\n")
        self.environment["OIDC_SOCK"] = f"{folder}/oidc-agent.sock"
        self.process = launch(["oidc-agent", "--console", f"--socket-path={folder}/oidc-agent.sock"], f"{folder}/oidc-agent.log", env=self.environment)
        for _ in range(500):
            if os.path.exists(f"{folder}/oidc-agent.sock"): break
            time.sleep(0.02)
        subprocess.run(["oidc-gen", "bench", "--manual", f"--issuer=http://127.0.0.1:{port}/", "--client-id=c", "--client-secret=s", "--rt=r1",
                        "--scope=openid offline_access", "--redirect-uri=http://localhost:8080", f"--pw-file={folder}/pw", "--confirm-default",
                        "--flow=refresh"], env=self.environment, check=True, capture_output=True, timeout=30)
        subprocess.run(["gcc", "-O2", "-Wall", "-o", f"{OUT}/oidc", f"{HERE}/oidc.c", "-loidc-agent"], check=True)

    def load(self, seconds):
        before = cpu(self)
        said = subprocess.run([f"{OUT}/oidc", "bench", str(seconds)], env=self.environment, check=True, capture_output=True, text=True, timeout=seconds + 30)
        result = json.loads(said.stdout)
        return {"rate": result["requests"] / result["seconds"], "p99": result["p99"], "cpu": (cpu(self) - before) / result["requests"], "failures": result["failures"]}


def compare(daemon, nginx, options):
    median = lambda runs: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    measured = {"tokenbroker": lambda: load(daemon, "kept", 16, options.seconds), "nginx, no checks": lambda: load(nginx, "kept", 16, options.seconds)}
    if shutil.which("go"):
        subprocess.run(["go", "build", "-o", f"{OUT}/server-go", f"{HERE}/server.go"], check=True, env={**os.environ, "GOFLAGS": "-mod=mod", "GO111MODULE": "off"})
        go = Server("Go net/http", [f"{OUT}/server-go"])
        measured[go.name] = lambda: load(go, "kept", 16, options.seconds)
    if shutil.which("node"):
        node = Server("Node http", ["node", f"{HERE}/server.js"])
        measured[node.name] = lambda: load(node, "kept", 16, options.seconds)
    measured["tokenbroker, unix socket, a connection each, one client"] = lambda: load(daemon, "unix close", 1, options.seconds)
    for program in ("go", "node", "oidc-agent"):
        if not shutil.which(program): say(f"{program} is not installed, and has no row")
    if shutil.which("oidc-agent"):
        agent = OIDCAgent()
        measured["oidc-agent, unix socket, a connection each, one client"] = lambda: agent.load(options.seconds)
    runs = {name: [] for name in measured}
    for _ in range(options.runs):
        for name, measure in measured.items(): runs[name].append(measure())
    for name, found in runs.items(): say(f"{name}: {median(found)['rate']:,.0f} a second, {median(found)['cpu'] * 1e6:.1f} µs CPU")
    return {name: median(found) for name, found in runs.items()}
