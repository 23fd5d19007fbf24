#!/usr/bin/python3
"""Counts the instructions of emostage-gate's scripts with callgrind and compares them with a file of counts.

A figure is the instructions for one turn of 64 tokens, for one token that comes alone and is a delta of its own,
or for one of those that are ready at once and are merged. The noise of a machine does not move it.

Exits with 0: as in the file; 1: not, or the counting failed; 77: the counts cannot be compared, for
they were made with another compiler or other libraries.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PIPELINES = HERE.parents[1] / "schemas" / "pipelines"
PARTS = ("broker-memory", "broker-journal", "worker")
SCRIPTS = ("paced", "short", "merged")
ROOM_PERCENT = 3.0
HOTTEST = 10
NAME_CHARS_MAX = 130
SECONDS_MAX = 120  # of one script
SKIPPED = 77


class GateError(Exception):
    """Something that has to be said to who runs the gate."""


# --- counting -----------------------------------------------------------------------------------

def environment():
    """The same in every run: what a program inherits moves its stack."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}


def run(command):
    try:
        done = subprocess.run(command, env=environment(), cwd="/", stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=SECONDS_MAX)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GateError(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        raise GateError(f"{' '.join(map(str, command[-4:]))}: exit {done.returncode}: "
                        f"{done.stderr.strip()[-500:]}")
    return done.stdout


def total_of(profile):
    """Instructions of one callgrind profile."""
    found = re.search(r"^(?:summary|totals): (\d+)", profile, re.M)
    if not found or int(found[1]) == 0:
        raise GateError("callgrind has counted nothing")
    return int(found[1])


def count(program, part, script, folder):
    """(what has happened, instructions) of one script."""
    profile = folder / f"{part}.{script}"
    said = run(["setarch", "-R", "valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={profile}",
                "--toggle-collect=emostage_counted", program, part, script, PIPELINES])
    try:
        happened = json.loads(said)
    except json.JSONDecodeError as error:
        raise GateError(f"{part} {script}: {error}") from error
    return happened, total_of(profile.read_text())


def weights_of(scripts):
    """{figure: {script: what to take of its instructions}} from {script: (what has happened, instructions)}."""
    paced, short, merged = (scripts[name][0] for name in SCRIPTS)
    fits = short["turns"] == merged["turns"] == paced["turns"] > 0 and \
        0 < short["tokens"] < paced["tokens"] == merged["tokens"]
    if not fits:
        raise GateError("the scripts are not those that can be compared")
    more, tokens = paced["tokens"] - short["tokens"], paced["tokens"]
    return {"turn": {"paced": 1 / paced["turns"]},
            # What the longer script has more.
            "token": {"paced": 1 / more, "short": -1 / more},
            # What is left of the merged script without all that is no token.
            "merged_token": {"merged": 1 / tokens, "paced": 1 / more - 1 / tokens, "short": -1 / more}}


def figures_of(scripts):
    return {figure: round(sum(weight * scripts[script][1] for script, weight in weights.items()))
            for figure, weights in weights_of(scripts).items()}


def count_all(program, parts, folder):
    jobs = [(part, script) for part in parts for script in SCRIPTS]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = list(pool.map(lambda job: count(program, *job, folder), jobs))
    by_part = {part: {} for part in parts}
    for (part, script), result in zip(jobs, results):
        by_part[part][script] = result
    return by_part


# --- comparing ----------------------------------------------------------------------------------

def difference_percent(now, kept):
    return 100.0 * (now - kept) / kept


def compare(now, kept, room_percent):
    """Lines of a table, and what is (worse, better) beyond the room as (part, figure)."""
    lines, worse, better = [], [], []
    if {part: set(figures) for part, figures in kept.items()} != \
            {part: set(figures) for part, figures in now.items()}:
        raise GateError("other parts or figures are kept than are counted; update with: ops/gate --update")
    for part, figures in now.items():
        for figure, value in figures.items():
            if not isinstance(kept[part][figure], int) or kept[part][figure] <= 0:
                raise GateError(f"the kept {part} {figure} is no count")
            by = difference_percent(value, kept[part][figure])
            verdict = ""
            if by > room_percent:
                worse.append((part, figure))
                verdict = "  WORSE"
            elif by < -room_percent:
                better.append((part, figure))
                verdict = "  better"
            lines.append(f"{part:<15} {figure:<13} {value:>11,} {kept[part][figure]:>11,} {by:>+8.2f} %{verdict}")
    return lines, worse, better


def short_name(name):
    """Without the library it is in, and with the strings of C++ as they are written."""
    name = re.sub(r"\s*\[[^\]]*\]$", "", name).removeprefix("???:").replace("std::__cxx11::", "std::")
    for kind in ("string_view<char, std::char_traits<char>", "string<char, std::char_traits<char>, std::allocator<char>"):
        name = name.replace(f"std::basic_{kind} >", "std::" + kind.split("<")[0])
    return name


def by_function(listing):
    """{function: instructions in itself} of what callgrind_annotate lists."""
    found = {}
    for line in listing.splitlines():
        entry = re.match(r"\s*([\d,]+) \([ \d.]+%\)\s+(\S.*)$", line)
        if entry and "PROGRAM TOTALS" not in line:
            name = short_name(entry[2])
            found[name] = found.get(name, 0) + int(entry[1].replace(",", ""))
    return found


def shares(weights, listings):
    """{function: its share of a figure}."""
    found = {}
    for script, weight in weights.items():
        for name, instructions in by_function(listings[script]).items():
            found[name] = found.get(name, 0) + weight * instructions
    return found


def hottest(part, figure, scripts, folder):
    """The functions in which most instructions of a figure are."""
    weights = weights_of(scripts)[figure]
    listings = {script: run(["callgrind_annotate", "--threshold=100", folder / f"{part}.{script}"])
                for script in weights}
    functions = sorted(shares(weights, listings).items(), key=lambda share: -share[1])[:HOTTEST]
    return [f"{instructions:>11,.0f}  {name[:NAME_CHARS_MAX]}" for name, instructions in functions]


# --- the file -----------------------------------------------------------------------------------

def read_counts(path):
    try:
        kept = json.loads(path.read_text())
        if not isinstance(kept["made_with"], dict) or not isinstance(kept["instructions"], dict):
            raise KeyError("made_with, instructions")
        return kept
    except (OSError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise GateError(f"{path}: {error!r}; make it with: ops/gate --update") from error


def write_counts(path, made_with, now):
    """Parts that were not counted stay as they are, where they were made with the same."""
    try:
        kept = read_counts(path)
    except GateError:
        kept = {"made_with": None}
    instructions = kept["instructions"] if kept["made_with"] == made_with else {}
    instructions = {part: {**instructions, **now}[part] for part in PARTS if part in {**instructions, **now}}
    text = json.dumps({"made_with": made_with, "instructions": instructions}, indent=2)
    path.write_text(text + "\n")


# --- the program --------------------------------------------------------------------------------

def check(arguments, folder):
    for tool in ("valgrind", "callgrind_annotate", "setarch"):
        if not shutil.which(tool, path=environment()["PATH"]):
            raise GateError(f"{tool} is not here: apt install valgrind util-linux")
    # Under valgrind: it shows a processor of its own, by which simdjson chooses.
    made_with = json.loads(run(["valgrind", "--tool=none", "--quiet", arguments.program, "made-with"]))
    kept = None if arguments.update else read_counts(arguments.counts)
    if kept and kept["made_with"] != made_with:
        for what in sorted(made_with.keys() | kept["made_with"].keys()):
            print(f"{what}: {made_with.get(what)} here, {kept['made_with'].get(what)} in {arguments.counts.name}")
        print("Not compared: what the compiler and the libraries make of the code is not ours to judge.")
        return SKIPPED
    parts = arguments.part or PARTS
    counted = count_all(arguments.program, parts, folder)
    now = {part: figures_of(scripts) for part, scripts in counted.items()}
    if arguments.update:
        write_counts(arguments.counts, made_with, now)
        print(json.dumps(now, indent=2))
        return 0
    kept_here = {part: figures for part, figures in kept["instructions"].items() if part in parts}
    lines, worse, better = compare(now, kept_here, ROOM_PERCENT)
    print(f"{'instructions':<29} {'now':>11} {'kept':>11}")
    print(*lines, sep="\n")
    shown = [(part, figure) for part, figures in now.items() for figure in figures] if arguments.hot else worse
    for part, figure in shown:
        print(f"\n{part} {figure}: most of its instructions are in",
              *hottest(part, figure, counted[part], folder), sep="\n")
    for verdict, which, advice in (("worse", worse, "If that is meant: ops/gate --update, and say why in the commit."),
                                   ("better", better, "Keep it: update with ops/gate --update")):
        if which:
            named = ", ".join(f"{part} {figure}" for part, figure in which)
            print(f"\nMore than {ROOM_PERCENT:g} % {verdict}: {named}. {advice}")
    return 1 if worse or better else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path, help="emostage-gate, of a Release build")
    parser.add_argument("--counts", type=pathlib.Path, default=HERE / "counts.json")
    parser.add_argument("--update", action="store_true", help="write the file instead of comparing with it")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be given more than once")
    parser.add_argument("--hot", action="store_true", help="show the hottest functions of every figure")
    arguments = parser.parse_args()
    arguments.program = arguments.program.resolve()
    with tempfile.TemporaryDirectory(prefix="emostage-gate-") as folder:
        try:
            sys.exit(check(arguments, pathlib.Path(folder)))
        except GateError as error:
            print(f"gate: {error}", file=sys.stderr)
            sys.exit(1)


if __name__ == "__main__":
    main()
