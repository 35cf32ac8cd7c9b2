"""The tables, and the comparison with the committed figures."""
import datetime, json, os, pathlib, re

COMMITTED = pathlib.Path(__file__).with_name("figures.json")
NAMES = {"kept": "kept alive", "close": "a connection each", "pipelined": "pipelined 16 deep", "unix": "unix socket", "audit": "kept alive, audit on"}


def label(key):
    scenario, connections = key.split(" ")
    return f"{NAMES[scenario]}, {connections} connection{'' if connections == '1' else 's'}"


def table(header, rows):
    return ["| " + " | ".join(header) + " |", "|" + "---|" * len(header), *("| " + " | ".join(map(str, cells)) + " |" for cells in rows), ""]


def conditions(options):
    """Where and how a run was made."""
    machine = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    return {"date": str(datetime.date.today()), "machine": f"{os.cpu_count()} cores ({machine[1] if machine else 'unknown'}), Linux {os.uname().release}",
            "runs": options.runs, "seconds": options.seconds}


def rounded(value):
    if isinstance(value, dict): return {key: rounded(member) for key, member in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def text(figures):
    run = figures["run"]
    lines = [f"Measured on {run['date']}, {run['machine']}; client, daemon and nginx",
             f"(one worker, the same bytes, no checks) on the same cores; medians of {run['runs']} interleaved runs of {run['seconds']} s. Ratios to nginx.", ""]
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
        yield "wake-ups while idle", f"{idle['wakeups']:.2f} a second, {idle['wakeups_dispatch']:.2f} of them of libdispatch's own thread"
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
            if "nginx_p99" in found: yield "… nginx's p99 in the same storms", f"{found['nginx_p99']:,.0f} µs: ours is {storm['p99'] / found['nginx_p99']:.2f} ×"
            yield "… the loop's time on a CPU · kept waiting for one, quiet", f"{quiet['loop_cpu']:.0%} · {quiet['loop_kept_waiting']:.1%}"
            yield f"… the same while all log in again (logins on a CPU: {storm['pool_cpu']:.0%})", f"{storm['loop_cpu']:.0%} · {storm['loop_kept_waiting']:.1%}"
        yield f"{name}: CPU a login", f"{many['login_cpu_us']:.0f} µs"
    for count, kept in figures.get("combinations", {}).items():
        yield f"{int(count):,} per-request tokens: resident, store on", f"{kept['rss_mb']:.1f} MB ({kept['each_kb']:.1f} KiB a token)"


def compared(figures):
    """What `--check` compares: name, value, noise, whether less is better, and whether it says something on another machine."""
    for group in ("kept", "shapes"):
        for key, row in figures.get(group, {}).items():
            for kind, less in (("rate", False), ("cpu", True)):
                # Three runs and more: half the spread of their ratios; fewer say little about noise.
                noise = max(row[f"{kind}_noise"], 0.03 * row[f"{kind}_ratio"] if figures["run"]["runs"] >= 3 else 0.2)
                yield f"{group} {key}: {kind}", row[f"{kind}_ratio"], noise, less, True
    # Figures with one value a run have the noise that whole runs were seen to have.
    for part, key, noise in (("starts", "first_answer_s", 0.1), ("starts", "restored_ready_s", 0.1), ("idle", "rss_mb", 0.08), ("idle", "rss_1000_mb", 0.08)):
        if part in figures: yield f"{part}: {key}", figures[part][key], figures[part][key] * noise, True, False
    for count, many in figures.get("many", {}).items():
        for key, noise in (("rss_mb", 0.03), ("first_answer_s", 0.15), ("restored_first_answer_s", 0.15), ("reload_s", 0.15), ("login_cpu_us", 0.1), ("logins_s", 0.1)):
            yield f"{count} tokens: {key}", many[key], many[key] * noise, True, False
    for count, kept in figures.get("combinations", {}).items(): yield f"{count} per-request tokens: rss_mb", kept["rss_mb"], kept["rss_mb"] * 0.03, True, False


def failures(figures):
    """The requests that were not answered as they should be; such figures say nothing."""
    for group in ("kept", "shapes", "peers"):
        for key, row in figures.get(group, {}).items():
            if row["failures"]: yield f"{group} {key}: {row['failures']} requests failed"
    for count, kept in figures.get("combinations", {}).items():
        if kept["errors"]: yield f"{count} per-request tokens: {kept['errors']} requests failed"


def check(figures):
    """Prints what regressed against the committed figures by more than both runs' noise; returns whether nothing did."""
    committed = json.loads(COMMITTED.read_text())
    is_same = committed["run"]["machine"] == figures["run"]["machine"]
    if not is_same: print(f"bench: the committed figures are of another machine ({committed['run']['machine']}): only ratios to nginx are compared")
    before = {name: (value, noise) for name, value, noise, _, _ in compared(committed)}
    regressed, count, missing = list(failures(figures)), 0, 0
    for name, value, noise, less, is_ratio in compared(figures):
        if name not in before: missing += 1
        if name not in before or not (is_same or is_ratio): continue
        count += 1
        old, old_noise = before[name]
        if ((value - old) if less else (old - value)) > noise + old_noise:
            regressed.append(f"{name} regressed: {old:.3g} before (± {old_noise:.2g}), {value:.3g} now (± {noise:.2g})")
    for line in regressed: print(f"bench: {line}")
    print(f"bench: {count} figures compared, {len(regressed)} regressed or failed, {missing} are not among the committed ones")
    return not regressed and count > 0


def publish(figures, written):
    for line in failures(figures): raise SystemExit(f"bench: not published: {line}")
    readme = pathlib.Path("README.md")
    text, found = re.subn(r"(<!-- bench -->\n).*?(<!-- /bench -->)", lambda found: found[1] + written + found[2], readme.read_text(), flags=re.S)
    if found != 1: raise SystemExit("bench: README.md has no place for the tables (<!-- bench --> … <!-- /bench -->)")
    readme.write_text(text)
    COMMITTED.write_text(json.dumps(rounded(figures), indent=1) + "\n")
