"""Run by scripts/bench once everything is built."""
import argparse, json, shutil

import figures, loads, report, servers
from servers import OUT, Daemon, Nginx, Sandbox, end, say

PARTS = ("kept", "shapes", "idle", "starts", "many", "combinations")
options = argparse.ArgumentParser(prog="bench")
options.add_argument("--seconds", type=float, default=3)
options.add_argument("--runs", type=int, default=3)
options.add_argument("--only", action="append", choices=PARTS, help="may be given several times")
options.add_argument("--tokens", type=int, action="append", help="sizes of the part `many`; 10000 by default")
options.add_argument("--combinations", type=int, default=100_000)
options.add_argument("--check", action="store_true")
options.add_argument("--peers", action="store_true")
options.add_argument("--readme", action="store_true")
options = options.parse_args()


def wants(part): return part in (options.only or ([] if options.peers else PARTS))


def kept(sandbox, daemon, nginx):
    rows = {}
    for server in (daemon, nginx): loads.load(server, "kept", 16, 1)
    scenarios = [("kept", count) for count in (1, 16, 64, 256, 1000)] + [("close", 16), ("pipelined", 16), ("unix", 16)]
    for scenario, connections in scenarios:
        found = rows[f"{scenario} {connections}"] = loads.compare(daemon, nginx, scenario, connections, options)
        say(f"{scenario} {connections}: {found['rate_ratio']:.2f} × nginx, CPU {found['cpu_ratio']:.2f} (± {found['cpu_noise']:.2f}), p99 {found['p99_ratio']:.2f}")
    audited = Daemon(sandbox, audit=True)
    found = rows["audit 64"] = loads.compare(audited, nginx, "kept", 64, options)
    say(f"audit 64: {found['rate_ratio']:.2f} × nginx, CPU {found['cpu_ratio']:.2f} (± {found['cpu_noise']:.2f}), p99 {found['p99_ratio']:.2f}")
    end(audited.process)
    return rows


def main():
    loads.prepare()
    sandbox = Sandbox()
    found = {}
    if wants("starts"): found["starts"] = figures.starts(sandbox)
    if wants("idle"):
        say("idle")
        daemon = Daemon(sandbox, clients="")
        found["idle"] = figures.idle(daemon)
        end(daemon.process)
    daemon = Daemon(sandbox)
    if wants("kept") or options.peers:
        nginx = Nginx(daemon)
        if wants("kept"): found["kept"] = kept(sandbox, daemon, nginx)
        if options.peers:
            import peers
            found["peers"] = peers.compare(daemon, nginx, options)
    if wants("shapes"):
        say("shapes")
        found["shapes"] = loads.shapes(daemon, options)
    if wants("many"):
        for count in options.tokens or [10_000]:
            say(f"{count:,} tokens")
            found.setdefault("many", {})[str(count)] = figures.many_tokens(sandbox, daemon, options, count)
    if wants("combinations"):
        say(f"{options.combinations:,} per-request tokens")
        found["combinations"] = {str(options.combinations): figures.combinations(sandbox, options.combinations)}
    written = report.text(found, options)
    with open(f"{OUT}/bench.md", "w") as file: file.write(written)
    with open(f"{OUT}/bench.json", "w") as file: json.dump(found, file, indent=1)
    print(written)
    if options.readme: report.publish(found, written)
    if options.check and not report.check(found): raise SystemExit(1)


try:
    main()
finally:
    for process in list(servers.processes): end(process)
    shutil.rmtree(servers.folder, ignore_errors=True)
