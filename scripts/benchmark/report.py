"""The tables, and the comparison with the committed figures."""
import datetime, json, os, pathlib, re

COMMITTED = pathlib.Path(__file__).with_name("figures.json")
NAMES = {"kept": "kept alive", "close": "a connection each", "pipelined": "pipelined 16 deep", "unix": "unix socket", "audit": "kept alive, audit on"}


def label(key):
    scenario, connections = key.split(" ")
    return f"{NAMES[scenario]}, {connections} connection{'' if connections == '1' else 's'}"


def table(header, rows):
    return ["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *("| " + " | ".join(map(str, cells)) + " |" for cells in rows), ""]


def text(figures, options):
    machine = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    lines = [f"Measured on {datetime.date.today()}, {os.cpu_count()} cores ({machine[1] if machine else 'unknown'}), Linux {os.uname().release}; client, daemon and nginx",
             f"(one worker, the same bytes, no checks) on the same cores; medians of {options.runs} interleaved runs of {options.seconds:g} s. Ratios to nginx.", ""]
    if kept := figures.get("kept"):
        lines += table(["", "requests a second", "× nginx", "CPU a request × nginx", "p99", "× nginx", "failures"], (
            [label(key), f"{row['rate']:,.0f}", f"{row['rate_ratio']:.2f}", f"{row['cpu_ratio']:.2f}", f"{row['p99_us']:,.0f} µs", f"{row['p99_ratio']:.2f}", row["failures"]]
            for key, row in kept.items()))
    if shapes := figures.get("shapes"):
        lines += ["Requests as clients send them, beside the plain one, at 16 connections:", ""]
        lines += table(["", "requests a second", "× plain", "CPU a request × plain", "failures"], (
            [name, f"{row['rate']:,.0f}", f"{row['rate_ratio']:.2f}", f"{row['cpu_ratio']:.2f}", row["failures"]] for name, row in shapes.items()))
    if others := list(other_rows(figures)): lines += table(["", ""], others)
    if peers := figures.get("peers"):
        lines += ["Beside other programs, 16 connections kept alive unless said otherwise (oidc-agent by its own library, which connects for each request):", ""]
        lines += table(["", "requests a second", "CPU a request", "p99"], ([name, f"{row['rate']:,.0f}", f"{row['cpu'] * 1e6:.1f} µs", f"{row['p99']:,.0f} µs"] for name, row in peers.items()))
    return "\n".join(lines).rstrip() + "\n"


def other_rows(figures):
    ms = lambda seconds: f"{seconds * 1000:.0f}"
    if starts := figures.get("starts"):
        yield "start to first answer · to ready, logins included (6 tokens)", f"{ms(starts['first_answer_s'])} · {ms(starts['ready_s'])} ms"
        yield "start to first answer · to ready, tokens restored (6 tokens)", f"{ms(starts['restored_first_answer_s'])} · {ms(starts['restored_ready_s'])} ms"
    if idle := figures.get("idle"):
        yield "resident idle · with 1000 connections", f"{idle['rss_mb']:.1f} · {idle['rss_1000_mb']:.1f} MB"
        yield "wake-ups while idle", f"{idle['wakeups']:.2f} a second"
    for count, many in figures.get("many", {}).items():
        name, ideal = f"{int(count):,} tokens", int(count) * 0.05 / 64
        yield f"{name}: resident, store on", f"{many['rss_mb']:.1f} MB"
        yield f"{name}: start to first answer · the same restored", f"{many['first_answer_s']:.2f} · {many['restored_first_answer_s']:.2f} s"
        yield f"{name}: logins against a partner that takes 50 ms, 64 at a time", f"{many['logins_s']:.1f} s ({many['logins_s'] / ideal:.2f} × the least possible)"
        yield f"{name}: requests a second", f"{many['rate_ratio']:.2f} × those with 6"
        yield f"{name}: reload with one changed · slowest answer meanwhile", f"{many['reload_s']:.2f} s · {many['reload_slowest_answer_ms']:.0f} ms"
        for scenario, words in (("kept", "as fast as answers come"), ("paced", "20,000 a second")):
            found = many["storms"][scenario]
            quiet, storm = found["quiet"], found["storm"]
            yield f"{name}: p99 while all log in again, {words}", f"{storm['p99']:,.0f} µs ({storm['p99'] / quiet['p99']:.2f} × the quiet {quiet['p99']:,.0f} µs; {found['logins_meanwhile']:,} logins meanwhile)"
            yield "… the loop's time on a CPU · kept waiting for one, quiet", f"{quiet['loop_cpu']:.0%} · {quiet['loop_kept_waiting']:.1%}"
            yield f"… the same while all log in again (logins on a CPU: {storm['pool_cpu']:.0%})", f"{storm['loop_cpu']:.0%} · {storm['loop_kept_waiting']:.1%}"
        yield f"{name}: CPU a login", f"{many['login_cpu_us']:.0f} µs"
    for count, kept in figures.get("combinations", {}).items():
        yield f"{int(count):,} per-request tokens: resident, store on", f"{kept['rss_mb']:.1f} MB ({kept['each_kb']:.1f} KiB a token)"


def ratios(figures):
    """What `--check` compares: name, value, noise of its runs, and whether less is better."""
    for group in ("kept", "shapes"):
        for key, row in figures.get(group, {}).items():
            for kind, less in (("rate", False), ("cpu", True)):
                yield f"{group} {key}: {kind}", row[f"{kind}_ratio"], row[f"{kind}_noise"], less
    # Figures with one value a run have the noise that three runs of them were seen to have.
    for key, path, noise in (("first answer", ("starts", "first_answer_s"), 0.2), ("ready, restored", ("starts", "restored_ready_s"), 0.2),
                             ("resident idle", ("idle", "rss_mb"), 0.05), ("with 1000 connections", ("idle", "rss_1000_mb"), 0.05)):
        if (value := figures.get(path[0], {}).get(path[1])) is not None: yield key, value, value * noise, True
    for count, many in figures.get("many", {}).items():
        for key, noise in (("rss_mb", 0.05), ("first_answer_s", 0.2), ("restored_first_answer_s", 0.2), ("reload_s", 0.3), ("login_cpu_us", 0.15), ("logins_s", 0.1)):
            yield f"{count} tokens: {key}", many[key], many[key] * noise, True
    for count, kept in figures.get("combinations", {}).items(): yield f"{count} per-request tokens: rss_mb", kept["rss_mb"], kept["rss_mb"] * 0.05, True


def check(figures):
    """Prints what fell behind the committed figures by more than both runs' noise; returns whether nothing did."""
    if not COMMITTED.exists(): raise SystemExit(f"bench: {COMMITTED} is missing; scripts/bench --readme writes it")
    before = {name: (value, noise) for name, value, noise, _ in ratios(json.loads(COMMITTED.read_text()))}
    behind = compared = 0
    for name, value, noise, less in ratios(figures):
        if name not in before: continue
        compared += 1
        old, old_noise = before[name]
        loss = (value - old) if less else (old - value)
        if loss > noise + old_noise + 0.02 * old:
            behind += 1
            print(f"bench: {name} fell behind: {old:.3g} before (± {old_noise:.2g}), {value:.3g} now (± {noise:.2g})")
    print(f"bench: {compared} figures compared, {behind} behind by more than noise")
    return behind == 0 and compared > 0


def publish(figures, written):
    readme = pathlib.Path("README.md")
    readme.write_text(re.sub(r"(<!-- bench -->\n).*?(<!-- /bench -->)", lambda found: found[1] + written + found[2], readme.read_text(), flags=re.S))
    COMMITTED.write_text(json.dumps(figures, indent=1, default=lambda value: round(value, 4)) + "\n")
