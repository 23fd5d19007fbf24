#!/usr/bin/python3
"""Puts bench/RESULTS.md together from what was measured; ops/bench calls it.

    results.py --rows ROWS.jsonl --tables TABLES.md --commands COMMANDS.txt --commit TEXT [--peers RUNS.jsonl]
               [--http HTTP.md]

ROWS are emostage-bench's lines, TABLES its report of them, RUNS the lines of the peers' driver, HTTP the
table of bench/http/streams.
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import platform
import re
import statistics

BOUNDS = ("bound-curl-multi", "bound-raw-zmq")
OURS = {"journal": "emostage", "memory": "emostage-memory"}
IDEAL = "–"
OTHER_CPU_MAX = 0.3  # processors busy with something else; a run with more says little of the system


def lines(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines() if line]


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def shown(value, digits=2):
    return IDEAL if value is None else f"{value:.{digits}f}"


class Own:
    """Medians of our own measurements."""

    def __init__(self, rows):
        self.rows = rows

    def get(self, label, load, field, state="journal"):
        return median([row[field] for row in self.rows
                       if (row["label"], row["load"], row["state"]) == (label, load, state)])

    def cpu(self, label, load, state="journal"):
        parts = [self.get(label, load, f"cpu_s_per_1k_{role}", state) for role in ("broker", "worker")]
        return None if None in parts else sum(parts)

    def peak_mb(self, label, load):
        parts = [self.get(label, load, f"peak_mb_{role}") for role in ("broker", "worker")]
        return None if None in parts else sum(parts)


def cell_of(run):
    return run["peer"], run["mode"], run["conc"]


def quiet(runs):
    """Without the runs that were disturbed, where a system has others of the same load."""
    calm = {cell_of(run) for run in runs if run["foreign_cpu"] <= OTHER_CPU_MAX}
    return [run for run in runs if run["foreign_cpu"] <= OTHER_CPU_MAX or cell_of(run) not in calm]


class Peers:
    """Medians of a comparison; all are of one run of its driver."""

    def __init__(self, runs):
        self.runs = quiet([run for run in runs if "fail" not in run])
        self.names = list(dict.fromkeys(run["peer"] for run in self.runs))

    def get(self, peer, mode, load, field):
        return median([field(run) for run in self.runs
                       if cell_of(run) == (peer, mode, load)])

    def best(self, mode, load, field, better):
        found = [(value, name) for name in self.names
                 if name not in BOUNDS and name not in OURS.values()
                 and (value := self.get(name, mode, load, field)) is not None]
        return better(found) if found else None


def cpu(run):
    return run["cpu_s_per_1k"]


def rate(run):
    return run["turns_s"]


def first(percent):
    return lambda run: run["added_ms"][percent]


def memory(run):
    return run["rss_worker_mb"] + run["rss_broker_mb"]


def target_rows(own, peers, overload):
    """What is asked for: name, best peer, bound, target, what was measured."""
    def cell(mode, load, field, digits, better=min):
        best = peers.best(mode, load, field, better)
        bounds = [f"{shown(value, digits)} {name.split('-')[1]}" for name in BOUNDS
                  if (value := peers.get(name, mode, load, field)) is not None]
        best = f"{shown(best[0], digits)} ({best[1]})" if best else IDEAL
        return best, " + ".join(bounds) or IDEAL

    def ours(mode, load, field, fallback, state="journal"):
        value = peers.get(OURS[state], mode, load, field)
        return fallback if value is None else value

    def cpu_row(name, mode, label, load, target):
        got = [f"{shown(ours(mode, load, cpu, own.cpu(label, load, state), state))} {state}"
               for state in OURS]
        return (name, *cell(mode, load, cpu, 2), target, ", ".join(got))

    def first_row(load, target):
        best = [cell("paced", load, first(percent), 1) for percent in ("p50", "p99")]
        got = [shown(ours("paced", load, first(percent),
                          own.get("Paced", load, f"added_first_ms_{percent}")))
               for percent in ("p50", "p99")]
        return (f"added first token p50 / p99, paced, {load} in flight, ms",
                " / ".join(one[0] for one in best), " / ".join(one[1] for one in best), target,
                " / ".join(got))

    yield cpu_row("CPU-s per 1,000 turns, worker + broker, saturated, 64 in flight", "sat", "Saturated",
                  64, "≤ 0.25, memory ≤ 0.22")
    yield cpu_row("the same, paced (50 ms / 10 ms), 64 in flight", "paced", "Paced", 64, "≤ 2.2")
    yield cpu_row("the same, 512 in flight", "paced", "Paced", 512, "≤ 1.1")
    yield ("turns/s, saturated, 64 in flight", *cell("sat", 64, rate, 0, max), "≥ 4,000",
           shown(ours("sat", 64, rate, own.get("Saturated", 64, "turns_per_s")), 0))
    yield first_row(64, "≤ 0.6 / ≤ 1.5")
    yield first_row(512, "≤ 0.6 / ≤ 2")
    yield first_row(2000, "≤ 5 / ≤ 60")
    yield ("peak memory, worker + broker, paced, 2,000 in flight, MB", *cell("paced", 2000, memory, 0),
           "≤ 90", shown(ours("paced", 2000, memory, own.peak_mb("Paced", 2000)), 0))
    yield ("10,000 paced streams in flight", "none gets there", IDEAL, "runs, nothing lost",
           ten_thousand(own))
    yield ("past saturation, 3 × the knee, open loop", IDEAL, IDEAL,
           "goodput ≥ 95 % of the peak; refusals ≤ 5 ms; first token ≤ 3 × the knee's", overload)
    yield ("cancel to closed connection under 512 streams, p50 / p99, ms", "never, in several", IDEAL,
           "≤ 5 / ≤ 20", " / ".join(shown(own.get("Cancel", 512, f"cancel_to_close_ms_{percent}"), 1)
                                   for percent in ("p50", "p99")))
    yield ("idle: CPU of broker + worker, % of a core", IDEAL, IDEAL, "≤ 0.2", shown(own.cpu("Idle", 0), 3))


def ten_thousand(own):
    label, load = "Ten thousand", 10000
    if own.get(label, load, "turns_per_s") is None:
        return "not measured"
    lost = own.get(label, load, "violations"), own.get(label, load, "failed")
    return (f"{shown(own.get(label, load, 'tokens_per_s'), 0)} tokens/s, {lost[0]:.0f} lost or wrong, "
            f"{lost[1]:.0f} failed; first token + {shown(own.get(label, load, 'added_first_ms_p50'), 0)} / "
            f"{shown(own.get(label, load, 'added_first_ms_p99'), 0)} ms (p50 / p99), "
            f"{shown(own.peak_mb(label, load), 0)} MB")


def peer_tables(peers):
    for mode, what in (("sat", "saturated: the model takes no time"),
                       ("paced", "paced: 50 ms to the first token, 10 ms between two")):
        runs = [run for run in peers.runs if run["mode"] == mode]
        if not runs:
            continue
        yield f"\n### Among peers, {what}\n"
        yield ("| system | in flight | runs | turns/s | CPU-s / 1,000 turns (worker + broker) | peak MB | "
               "added first token ms p50 / p95 / p99 | lost | errors, unfinished | other CPU |")
        yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
        cells = collections.OrderedDict()
        for run in runs:
            cells.setdefault((run["peer"], run["conc"]), []).append(run)
        for (name, load), group in sorted(cells.items(), key=lambda cell: (cell[0][1], cell[0][0])):
            worker = median([1000 * run["cpu_worker_s"] / max(1, run["turns_ok"]) for run in group])
            whole = median([cpu(run) for run in group])
            added = " / ".join(shown(median([run["added_ms"][p] for run in group]), 1)
                               for p in ("p50", "p95", "p99"))
            yield (f"| {name} | {load} | {len(group)} | {shown(median(map(rate, group)), 1)} | "
                   f"**{shown(whole)}** ({shown(worker)} + {shown(whole - worker)}) | "
                   f"{shown(median(map(memory, group)), 0)} | {added} | "
                   f"{sum(run['lost'] for run in group)} | "
                   f"{sum(run['errors'] + run['unfinished'] for run in group)} | "
                   f"{shown(median([run['foreign_cpu'] for run in group]))} |")


def overload_of(tables):
    """The report's own sentences: the slots are the bound, then the processors."""
    said = []
    for label, bound in (("Open loop", "by slots"), ("Open loop saturated", "by processors")):
        section = re.search(rf"^### {label}\n(.*?)(?=^### |\Z)", tables, re.M | re.S)
        found = re.search(r"^journal: (the knee is .*)$", section.group(1), re.M) if section else None
        if found:
            said.append(f"{bound}: {found.group(1)}")
    return "<br>".join(said) or "not measured"


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def machine():
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return f"{processor()}, {os.cpu_count()} cores, {memory_gb:.0f} GB; {system}, kernel {platform.release()}"


def results(rows, tables, commands, commit, runs, http):
    own, peers = Own(rows), Peers(runs)
    days = sorted({row["at_unix"] for row in rows})
    measured = datetime.date.fromtimestamp(days[-1]).isoformat() if days else "never"
    other = median([row["foreign_cpus"] for row in rows])
    yield "# Results\n"
    yield "Written by `./ops/bench`; how it is measured is in `bench/load`, who the peers are in `bench/peers`.\n"
    yield "| | |\n|---|---|"
    yield f"| machine | {machine()} |"
    yield f"| commit | {commit} |"
    yield f"| measured | {measured}; {shown(other)} processors were busy with something else (median) |"
    compared = (f"{len(peers.runs)} of {len(runs)} runs (the others were disturbed: more than {OTHER_CPU_MAX} "
                f"processors busy with something else) of {len(peers.names)} systems, by their driver, with its simulator"
                if runs else "not in this run: the first eight figures are emostage-bench's own")
    yield f"| peers | {compared} |\n"
    yield ("All processes, load and far end too, share the machine's cores. Figures are medians. "
           "What is in the way of the targets: [PROFILE.md](PROFILE.md).\n")
    yield "## Targets\n"
    yield "| | best peer | bound | target | measured |\n|---|--:|--:|--:|--:|"
    for row in target_rows(own, peers, overload_of(tables)):
        yield "| " + " | ".join(row) + " |"
    yield "\n## emostage-bench\n"
    yield ("Prompts are those of `schemas/pipelines/emostage`; the far end is `emostage-rehearsal`, whose own cost "
           "is in the tables. CPU and memory are of the processes as Linux tells them. *Added* is what "
           "comes on top of the far end's own pace: the longest analysis (60 tokens), then the reply's first token. "
           "Tokens that share a delta have a gap of zero, so jitter says when tokens came, not deltas.\n")
    yield tables.strip()
    yield from peer_tables(peers)
    if http:
        yield "\n### The HTTP gateway\n"
        yield ("So many chat completions that stream at five deltas a second each; what is measured is in "
               "[http/README.md](http/README.md). The last two columns are median / p99.\n")
        yield http.strip()
    yield "\n## Commands\n"
    yield from (f"    emostage-bench {command}" for command in dict.fromkeys(commands))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--rows", "--tables", "--commands", "--commit"):
        parser.add_argument(name, required=True)
    parser.add_argument("--peers")
    parser.add_argument("--http")
    given = parser.parse_args()
    text = results(lines(given.rows), pathlib.Path(given.tables).read_text(),
                   pathlib.Path(given.commands).read_text().splitlines(), given.commit,
                   lines(given.peers) if given.peers else [],
                   pathlib.Path(given.http).read_text() if given.http else "")
    print("\n".join(text))


if __name__ == "__main__":
    main()
