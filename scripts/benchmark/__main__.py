"""Run by scripts/bench once everything is built."""
import argparse, json, shutil, signal, sys

PARTS = ("kept", "shapes", "idle", "starts", "many", "combinations")
options = argparse.ArgumentParser(prog="scripts/bench", allow_abbrev=False)
options.add_argument("--seconds", type=int, default=2, help="of each run, at least 1; 2 by default")
options.add_argument("--runs", type=int, default=3, help="interleaved runs, whose median counts; 3 by default")
options.add_argument("--only", action="append", choices=(*PARTS, "peers"), help="this part; may be given several times; all but peers by default")
options.add_argument("--tokens", type=int, action="append", help="a size of the part many, may be given several times; 1000 and 10000 by default")
options.add_argument("--combinations", type=int, default=100_000, help="tokens of the part combinations; 100000 by default")
options.add_argument("--check", action="store_true", help="exit with 1 where a figure regressed against the committed ones by more than noise")
options.add_argument("--peers", action="store_true", help="add the part peers: Go, Node and oidc-agent")
options.add_argument("--readme", action="store_true", help="put the tables into README.md, and commit the figures for --check to figures.json")
parser, options = options, options.parse_args()
if options.seconds < 1 or options.runs < 1: parser.error("--seconds and --runs are at least 1")
if options.readme and options.only: parser.error("--readme takes all parts: leave --only out")

import figures, loads, report, servers
from servers import OUT, Daemon, Nginx, Sandbox, end, say

if options.check and not report.COMMITTED.exists(): parser.error(f"--check needs {report.COMMITTED}, which --readme writes")
parts = {*(options.only or PARTS), *(["peers"] if options.peers else [])}
if options.check and parts == {"peers"}: parser.error("--check has nothing to compare in the part peers")


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
    found = {"run": report.conditions(options)}
    if "starts" in parts: found["starts"] = figures.starts(sandbox)
    if "idle" in parts:
        say("idle")
        daemon = Daemon(sandbox, clients="")
        found["idle"] = figures.idle(daemon)
        end(daemon.process)
    daemon = Daemon(sandbox)
    if parts & {"kept", "many", "peers"}:
        nginx = Nginx(daemon)
        if "kept" in parts: found["kept"] = kept(sandbox, daemon, nginx)
        if "peers" in parts:
            import peers
            found["peers"] = peers.compare(daemon, nginx, options)
    if "shapes" in parts:
        say("shapes")
        found["shapes"] = loads.shapes(daemon, options)
    for count in (options.tokens or [1000, 10_000]) if "many" in parts else []:
        say(f"{count:,} tokens")
        found.setdefault("many", {})[str(count)] = figures.many_tokens(sandbox, daemon, nginx, options, count)
    if "combinations" in parts:
        say(f"{options.combinations:,} per-request tokens")
        found["combinations"] = {str(options.combinations): figures.combinations(sandbox, options.combinations)}
    written = report.text(found)
    with open(f"{OUT}/bench.md", "w") as file: file.write(written)
    with open(f"{OUT}/bench.json", "w") as file: json.dump(report.rounded(found), file, indent=1)
    print(written)
    if options.check and not report.check(found): sys.exit(1)
    if options.readme: report.publish(found, written)


# A signal ends it like an error does: with the servers it started.
for number in (signal.SIGTERM, signal.SIGHUP): signal.signal(number, lambda *_: sys.exit(1))
try:
    main()
finally:
    for process in list(servers.processes): end(process)
    shutil.rmtree(servers.folder, ignore_errors=True)
